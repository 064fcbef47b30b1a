import { expect, test } from "vitest";

import type { EntryPartsFragment, LedgerEntryKind, ReversalCause } from "../generated/graphql";
import { entriesDe } from "../text/entries";
import { formats } from "../text/formats";
import { entrySummary } from "./entrySummary";

const ENTRY: EntryPartsFragment = {
  id: "entry_1",
  version: 1,
  changeType: "GRANT",
  kind: "OTHER",
  creditsDelta: 5,
  balanceAfter: 5,
  heldDelta: 0,
  reference: null,
  runId: null,
  tier: null,
  periodEnd: null,
  periodPaid: null,
  holdId: null,
  reversalCause: null,
  reversalAmount: null,
  reason: null,
  notes: null,
  createdAt: "2026-01-01T12:00:00Z",
  payment: null,
};

const usd = (amount: number) => ({ amount, currency: "USD" });
const PACK = { payment: { id: "payment_1", amount: usd(800), credits: 40 } };
const PERIOD = { tier: "PRO", periodEnd: "2026-01-28T12:00:00Z" } as const;

const summary = (kind: LedgerEntryKind, facts: Partial<EntryPartsFragment> = {}) =>
  entrySummary({ ...ENTRY, kind, ...facts });

const description = (kind: LedgerEntryKind, facts: Partial<EntryPartsFragment>) => summary(kind, facts).description;

const moved = (reversalCause: ReversalCause, amount: number) => ({ reversalCause, reversalAmount: usd(amount) });

test("an export is named by its PatchBook, and otherwise by its run", () => {
  const spent = { creditsDelta: -3 };
  expect(description("EXPORT", { ...spent, runId: "demo-rain-on-tin" })).toBe("Rain on tin");
  expect(summary("EXPORT", { ...spent, runId: "run-1" })).toEqual({ label: "Export", description: "run-1" });
  const free = { creditsDelta: 0, runId: "run-1" };
  expect(description("EXPORT", free)).toBe("run-1, with unlimited exports");
});

test("a reservation says how much is held, and its end how much is available again", () => {
  const hold = { creditsDelta: 0, runId: "demo-rain-on-tin" };
  expect(summary("HOLD", { ...hold, heldDelta: 3 })).toEqual({
    label: "Reserved",
    description: "Rain on tin: 3 credits",
  });
  expect(description("HOLD_EXTENDED", hold)).toBe("Rain on tin, which takes longer");
  expect(summary("HOLD_RELEASED", { ...hold, heldDelta: -3 })).toEqual({
    label: "Released",
    description: "Rain on tin was not exported: 3 credits available again",
  });
  expect(description("HOLD_EXPIRED", { ...hold, heldDelta: -1 })).toBe(
    "Rain on tin was not exported in time: 1 credit available again",
  );
});

test("an export that failed is refunded, with its reason", () => {
  expect(summary("EXPORT_REFUND", { runId: "demo-rain-on-tin", reason: "the printer was on fire" })).toEqual({
    label: "Export refunded",
    description: "Rain on tin was not exported: the printer was on fire",
  });
});

test("a purchase says what was bought, and for how much", () => {
  expect(summary("PACK", PACK)).toEqual({ label: "Purchase", description: "40 credits for $8.00" });
});

test("credits of a plan name the plan and the period", () => {
  expect(summary("PLAN_PERIOD", PERIOD)).toEqual({ label: "Plan", description: "Pro, period until January 28, 2026" });
  expect(summary("PLAN_CHANGE", PERIOD).label).toBe("Change of plan");
});

test("a refund is called a refund, a dispute a dispute, and a credit note a credit note", () => {
  const of = (cause: ReversalCause) => summary("REVERSAL", { ...PACK, ...moved(cause, 800) });
  expect(of("REFUND")).toEqual({ label: "Refund", description: "Your payment of $8.00 was refunded" });
  expect(of("DISPUTE")).toEqual({ label: "Dispute", description: "Your payment of $8.00 was disputed" });
  expect(of("CREDIT_NOTE")).toEqual({ label: "Credit note", description: "Your payment of $8.00 was credited" });
});

test("a part of a payment has both amounts", () => {
  const part = { ...PACK, ...moved("REFUND", 400) };
  expect(description("REVERSAL", part)).toBe("$4.00 of your payment of $8.00 was refunded");
});

test("a reversal of a plan's credits names the money and the period", () => {
  const refunded = { ...PERIOD, ...moved("REFUND", 1499) };
  expect(description("REVERSAL", refunded)).toBe("$14.99 was refunded (Pro, period until January 28, 2026)");
  const recounted = { ...PERIOD, reversalCause: "DISPUTE" } as const;
  expect(description("REVERSAL", recounted)).toBe("A payment was disputed (Pro, period until January 28, 2026)");
});

test("a part of the money of a period has all of it beside it, and says which credits were removed", () => {
  const together = { ...PERIOD, tier: "CORE", periodPaid: usd(1499), ...moved("REFUND", 499) } as const;
  expect(description("REVERSAL", together)).toBe(
    "$4.99 of the $14.99 paid for the period was refunded (Core, period until January 28, 2026). " +
      "The same share of the credits of the period was removed",
  );
  expect(description("REVERSAL", { ...together, ...moved("REFUND", 1499) })).toBe(
    "$14.99 was refunded (Core, period until January 28, 2026)",
  );
});

test("the end of unlimited exports names the money that was returned", () => {
  const ended = { ...PERIOD, tier: "STUDIO", periodPaid: usd(2999), ...moved("DISPUTE", 1100) } as const;
  expect(description("UNLIMITED_ENDED", ended)).toBe(
    "Unlimited exports have ended, because $11.00 of the $29.99 paid for the period was disputed " +
      "(Studio, period until January 28, 2026)",
  );
});

test("credits that come back say why", () => {
  const of = (cause: ReversalCause) => description("RESTORATION", { ...PACK, ...moved(cause, 400) });
  expect(of("REFUND")).toBe("The refund of $4.00 failed, so its credits are back");
  expect(of("DISPUTE")).toBe("The dispute over $4.00 is over and the payment stands, so its credits are back");
  expect(of("CREDIT_NOTE")).toBe("The credit note over $4.00 was voided, so its credits are back");
});

test("a reversal whose money was not recorded claims neither a refund nor a dispute", () => {
  expect(summary("REVERSAL")).toEqual({
    label: "Credits removed",
    description: "A payment was refunded or disputed",
  });
  expect(description("RESTORATION", {})).toBe("A payment stands, so its credits are back");
});

test("the sentences are German for German readers", () => {
  const entries = entriesDe(formats("de-DE"));
  const facts = {
    type: "REFUND" as const,
    delta: -40,
    held: 0,
    book: "",
    reason: "",
    notes: "",
    pack: PACK.payment,
    period: null,
  };
  const dispute = { ...facts, reversal: { cause: "DISPUTE", amount: usd(400) } } as const;
  expect(entries.REVERSAL(dispute)).toEqual({
    label: "Anfechtung",
    description: "Ein Teil (4,00\u00a0$) deiner Zahlung von 8,00\u00a0$ wurde angefochten",
  });
  const refund = { ...dispute, reversal: { cause: "REFUND", amount: usd(800) } } as const;
  expect(entries.REVERSAL(refund).description).toBe("Deine Zahlung von 8,00\u00a0$ wurde erstattet");
});

test("a change by hand has its reason", () => {
  expect(summary("MANUAL", { reason: "A gift" })).toEqual({ label: "Credits added", description: "A gift" });
  expect(summary("MANUAL", { reason: "Too much", creditsDelta: -2 }).label).toBe("Credits removed");
});

test("the start and the end of unlimited exports have no date of their own", () => {
  expect(description("UNLIMITED", {})).toBe("Unlimited exports");
  expect(description("UNLIMITED_ENDED", {})).toBe("Unlimited exports have ended");
});

test("an adopted entry, and one of a kind that was added since, have their notes", () => {
  const notes = "a pack of 2024";
  expect(summary("OTHER", { notes })).toEqual({ label: "Credits added", description: notes });
  expect(description("OF_TOMORROW" as LedgerEntryKind, { notes })).toBe(notes);
});
