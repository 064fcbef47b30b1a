import { title } from "../export/patchbook";
import type { EntryPartsFragment } from "../generated/graphql";
import { text } from "../text/current";
import type { EntrySummary } from "../text/entries";

/** Describes a ledger entry by the fact behind it. A page that was loaded before a kind was added shows the entry's note. */
export function entrySummary(entry: EntryPartsFragment): EntrySummary {
  const { runId, reason, notes, payment, tier, periodEnd, periodPaid, reversalCause, reversalAmount } = entry;
  const { entries } = text.history;
  const kind = entry.kind in entries ? entry.kind : "OTHER";
  return entries[kind]({
    type: entry.changeType,
    delta: entry.creditsDelta,
    held: entry.heldDelta,
    book: title(runId ?? ""),
    reason: reason ?? "",
    notes: notes ?? "",
    pack: payment,
    period: tier === null || periodEnd === null ? null : { tier, end: periodEnd, paid: periodPaid },
    reversal: reversalCause === null ? null : { cause: reversalCause, amount: reversalAmount },
  });
}
