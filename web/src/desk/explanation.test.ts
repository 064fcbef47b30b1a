import { expect, test } from "vitest";

import { explanation } from "./explanation";
import type { DeskEntryFragment, LedgerEntryKind } from "./generated/graphql";

const ENTRY: DeskEntryFragment = {
  id: "entry_1",
  version: 1,
  kind: "OTHER",
  creditsDelta: 1,
  heldDelta: 0,
  balanceAfter: 1,
  runId: null,
  tier: null,
  periodEnd: null,
  invoiceId: null,
  reversalCause: null,
  reversalAmount: null,
  reason: null,
  notes: "a note",
  actorId: null,
  createdAt: "2026-01-01T00:00:00Z",
  payment: null,
};

const explain = (kind: LedgerEntryKind, facts: Partial<DeskEntryFragment>) => explanation({ ...ENTRY, kind, ...facts });

test("each kind of entry is explained by its facts", () => {
  const period = { tier: "PRO", periodEnd: "2026-02-15T12:00:00Z" } as const;
  const payment = { id: "payment_1", credits: 40, amount: { amount: 800, currency: "USD" } };
  expect(explain("EXPORT", { runId: "run-1" })).toBe("The run run-1 was exported.");
  expect(explain("EXPORT_REFUND", { runId: "run-1", reason: "it crashed" })).toContain("it crashed");
  expect(explain("HOLD", { runId: "run-1", heldDelta: 3 })).toBe("3 credits are held for the export of the run run-1.");
  expect(explain("HOLD_EXPIRED", { runId: "run-1", heldDelta: -3 })).toContain("3 credits are available again");
  expect(explain("PLAN_PERIOD", period)).toBe("A period was paid: Pro, period until February 15, 2026.");
  expect(explain("REVERSAL", period)).toBe(
    "A payment was refunded, disputed or credited: Pro, period until February 15, 2026.",
  );
  const disputed = { payment, reversalCause: "DISPUTE", reversalAmount: { amount: 400, currency: "USD" } } as const;
  expect(explain("REVERSAL", disputed)).toBe("A payment was disputed, $4.00: 40 credits for $8.00.");
  expect(explain("RESTORATION", disputed)).toBe(
    "A dispute has ended and the payment stands, $4.00: 40 credits for $8.00.",
  );
  expect(explain("MANUAL", { reason: "sorry" })).toBe("sorry");
  expect(explain("OTHER", {})).toBe("a note");
});
