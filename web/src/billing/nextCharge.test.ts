import { expect, test } from "vitest";

import { nextCharge } from "./nextCharge";

const CORE = { cancelAt: null, cancelAtPeriodEnd: false, currentPeriodEnd: "2026-02-01T12:00:00Z", openInvoice: null };
const charge = (amount: number) => ({ amount: { amount, currency: "USD" }, at: CORE.currentPeriodEnd });

test("the next charge has an amount and a day, or a reason why there is none", () => {
  expect(nextCharge(CORE, charge(499))).toBe("$4.99 on February 1, 2026");
  expect(nextCharge(CORE, charge(0))).toBe("Nothing on February 1, 2026: earlier credit covers it");
  expect(nextCharge({ ...CORE, cancelAtPeriodEnd: true }, null)).toBe("None, because the plan ends");
  expect(nextCharge({ ...CORE, openInvoice: {} }, null)).toBe("None until the open invoice is paid");
  expect(nextCharge(CORE, undefined)).toBe("–");
});
