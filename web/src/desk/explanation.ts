import type { DeskEntryFragment } from "./generated/graphql";
import { desk } from "./texts";

/** Explains a ledger entry by the fact behind it. */
export function explanation(entry: DeskEntryFragment): string {
  const { kind, runId, heldDelta, reason, payment, tier, periodEnd, reversalCause, reversalAmount, notes } = entry;
  return desk.ledger.explanations[kind]({
    run: runId ?? "",
    held: heldDelta,
    reason: reason ?? "",
    pack: payment,
    period: tier === null || periodEnd === null ? null : { tier, end: periodEnd },
    reversal: reversalCause === null ? null : { cause: reversalCause, amount: reversalAmount },
    notes: notes ?? "",
  });
}
