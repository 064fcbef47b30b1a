import { expect, test } from "vitest";

import { invoiceState } from "./invoiceState";

const usd = (amount: number) => ({ amount, currency: "USD" });

const PAID = { status: "PAID", total: usd(1499), refunded: usd(0), disputed: usd(0) } as const;

test("an invoice has its status as long as nothing was returned of it", () => {
  expect(invoiceState(PAID)).toEqual({ state: "PAID", part: null });
  expect(invoiceState({ ...PAID, status: "OPEN" })).toEqual({ state: "OPEN", part: null });
});

test("a refund has its amount, unless it is all of the invoice", () => {
  expect(invoiceState({ ...PAID, refunded: usd(1499) })).toEqual({ state: "REFUNDED", part: null });
  expect(invoiceState({ ...PAID, refunded: usd(500) })).toEqual({ state: "PARTIALLY_REFUNDED", part: usd(500) });
});

test("a dispute counts before a refund", () => {
  expect(invoiceState({ ...PAID, disputed: usd(1499) })).toEqual({ state: "DISPUTED", part: null });
  const both = { ...PAID, refunded: usd(500), disputed: usd(999) };
  expect(invoiceState(both)).toEqual({ state: "DISPUTED", part: usd(999) });
});
