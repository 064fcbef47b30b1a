import { title } from "../export/patchbook";
import type { EntryPartsFragment } from "../generated/graphql";
import { text } from "../text/current";

/** The text that a page shows for a ledger entry. */
export interface EntrySummary {
  label: string;
  description: string;
}

/** Describes a ledger entry by its facts, and by its notes where it has no others. */
export function entrySummary({
  changeType,
  creditsDelta,
  payment,
  reference,
  notes,
}: EntryPartsFragment): EntrySummary {
  const { history } = text;
  const label = history.types[changeType];
  if (changeType === "SPEND" || changeType === "HOLD" || changeType === "RELEASE") {
    return { label, description: title(reference ?? "") };
  }
  if (payment === null) {
    return ofPlan({ changeType, creditsDelta, reference, notes }) ?? { label, description: notes ?? "" };
  }
  if (changeType === "PURCHASE") return { label, description: history.pack(payment.credits, payment.amount) };
  if (creditsDelta > 0) return { label: history.types.GRANT, description: history.packReturned(payment.amount) };
  return payment.status === "DISPUTED"
    ? { label: history.dispute, description: history.packDisputed(payment.amount) }
    : { label, description: history.packRefunded(payment.amount) };
}

/** Describes an entry of a plan; null for any other. The notes are in English, and their dates in no reader's time zone. */
function ofPlan({
  changeType,
  creditsDelta,
  reference,
  notes,
}: Pick<EntryPartsFragment, "changeType" | "creditsDelta" | "reference" | "notes">): EntrySummary | null {
  const { history } = text;
  const end = periodEnd(reference);
  if (changeType === "REFUND") {
    if (creditsDelta <= 0) return { label: history.removed, description: history.planReversed };
    return end === null ? null : { label: history.types.GRANT, description: history.planReturned };
  }
  if (end !== null) return { label: history.types.GRANT, description: history.planPeriod(end) };
  // Neither has credits: exports have become unlimited without a new period, or are no longer.
  if (!/^sub_\w+$/.test(reference ?? "")) return null;
  const hasEnded = notes?.endsWith("ended") === true;
  return { label: history.plan, description: hasEnded ? history.unlimitedEnded : history.unlimited };
}

/** The end of the period that an entry's reference names: `sub_1Abc:1767225600`, in Unix seconds. */
function periodEnd(reference: string | null): string | null {
  const seconds = /^sub_\w+:(\d{1,11})$/.exec(reference ?? "")?.[1];
  return seconds === undefined ? null : new Date(Number(seconds) * 1000).toISOString();
}
