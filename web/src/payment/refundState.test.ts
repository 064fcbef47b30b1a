import { expect, test } from "vitest";

import { refundState } from "./refundState";

const usd = (amount: number) => ({ amount, currency: "USD" });

test("a refund is under way until all of it has arrived", () => {
  const whole = { status: "REFUNDED", refunded: usd(500), refundPending: usd(500) } as const;
  expect(refundState(whole)).toEqual({ isUnderWay: true, arrived: null, pending: usd(500) });
  const half = { ...whole, refundPending: usd(200) };
  expect(refundState(half)).toEqual({ isUnderWay: true, arrived: usd(300), pending: usd(200) });
  const none = { ...whole, refundPending: usd(0) };
  expect(refundState(none)).toEqual({ isUnderWay: false, arrived: usd(500), pending: null });
});

test("a payment without a refund has none under way, and a dispute comes first", () => {
  const paid = { status: "SUCCEEDED", refunded: usd(0), refundPending: usd(0) } as const;
  expect(refundState(paid)).toEqual({ isUnderWay: false, arrived: null, pending: null });
  const disputed = { status: "DISPUTED", refunded: usd(100), refundPending: usd(100) } as const;
  expect(refundState(disputed).isUnderWay).toBe(false);
});
