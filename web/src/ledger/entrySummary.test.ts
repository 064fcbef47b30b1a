import { expect, test } from "vitest";

import type { EntryPartsFragment, PaymentStatus } from "../generated/graphql";
import { entrySummary } from "./entrySummary";

const ENTRY: EntryPartsFragment = {
  id: "1",
  version: 1,
  changeType: "GRANT",
  creditsDelta: 5,
  balanceAfter: 5,
  reference: null,
  notes: "A welcome gift",
  createdAt: "2026-01-01T12:00:00Z",
  payment: null,
};

const payment = (status: PaymentStatus) => ({ id: "1", amount: { amount: 800, currency: "USD" }, credits: 40, status });

const refund = (status: PaymentStatus, creditsDelta: number) =>
  entrySummary({ ...ENTRY, changeType: "REFUND", creditsDelta, payment: payment(status) });

test("an export is named by its PatchBook, and otherwise by its run", () => {
  const spend = { ...ENTRY, changeType: "SPEND", notes: null } as const;
  expect(entrySummary({ ...spend, reference: "demo-rain-on-tin" }).description).toBe("Rain on tin");
  const hold = entrySummary({ ...spend, changeType: "HOLD", creditsDelta: 0, reference: "demo-rain-on-tin" });
  expect(hold).toEqual({ label: "Reserved", description: "Rain on tin" });
  expect(entrySummary({ ...spend, reference: "run-1" })).toEqual({ label: "Export", description: "run-1" });
});

test("a purchase says what was bought, and for how much", () => {
  const purchase = { ...ENTRY, changeType: "PURCHASE", payment: payment("SUCCEEDED") } as const;
  expect(entrySummary(purchase)).toEqual({ label: "Purchase", description: "40 credits for $8.00" });
});

test("a refund is called a refund, and a dispute a dispute", () => {
  expect(refund("REFUNDED", -40)).toEqual({ label: "Refund", description: "Your payment of $8.00 was refunded" });
  expect(refund("PARTIALLY_REFUNDED", -20).label).toBe("Refund");
  expect(refund("DISPUTED", -40)).toEqual({ label: "Dispute", description: "Your payment of $8.00 is disputed" });
});

test("credits that come back are not called a refund", () => {
  expect(refund("SUCCEEDED", 40)).toEqual({
    label: "Credits added",
    description: "Your payment of $8.00 stands, so its credits are back",
  });
});

test("credits of a plan that are reversed are called neither a refund nor a dispute", () => {
  for (const creditsDelta of [-25, 0]) {
    const { label } = entrySummary({ ...ENTRY, changeType: "REFUND", creditsDelta });
    expect(label).toBe("Credits removed");
  }
});

test("an entry of a plan names its period, in the reader's words and time zone", () => {
  const grant = { ...ENTRY, creditsDelta: 25, reference: "sub_1Abc:1769601600", notes: "Core until 2026-01-28" };
  expect(entrySummary(grant)).toEqual({
    label: "Credits added",
    description: "For your plan, in the period until January 28, 2026",
  });
  expect(entrySummary({ ...grant, changeType: "REFUND", notes: "restored" })).toEqual({
    label: "Credits added",
    description: "A payment for your plan stands, so its credits are back",
  });
});

test("the start and the end of unlimited exports have no date of their own", () => {
  const unlimited = (notes: string) => entrySummary({ ...ENTRY, creditsDelta: 0, reference: "sub_1Abc", notes });
  expect(unlimited("unlimited exports until 2026-01-31").description).toBe("Unlimited exports");
  expect(unlimited("unlimited exports ended")).toEqual({ label: "Plan", description: "Unlimited exports have ended" });
});

test("an export that failed is refunded, with its reason", () => {
  const refund = { ...ENTRY, changeType: "REFUND", creditsDelta: 3, notes: "The printer was on fire" } as const;
  expect(entrySummary(refund)).toEqual({ label: "Refund", description: "The printer was on fire" });
});

test("any other entry has its notes", () => {
  expect(entrySummary(ENTRY)).toEqual({ label: "Credits added", description: "A welcome gift" });
});
