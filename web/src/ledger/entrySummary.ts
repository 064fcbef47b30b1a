import { title } from "../export/patchbook";
import type { EntryPartsFragment } from "../generated/graphql";
import { text } from "../text/current";

/** A ledger entry, as a person is told about it. */
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
  if (changeType === "SPEND") return { label, description: title(reference ?? "") };
  if (payment === null && changeType === "REFUND" && creditsDelta <= 0) {
    return { label: history.removed, description: history.planReversed };
  }
  if (payment === null) return { label, description: notes ?? "" };
  if (changeType === "PURCHASE") return { label, description: history.pack(payment.credits, payment.amount) };
  if (creditsDelta > 0) return { label: history.types.GRANT, description: history.packReturned(payment.amount) };
  return payment.status === "DISPUTED"
    ? { label: history.dispute, description: history.packDisputed(payment.amount) }
    : { label, description: history.packRefunded(payment.amount) };
}
