import { expect, test } from "vitest";

import { paymentMethodName } from "./paymentMethodName";

const NONE = { brand: null, last4: null, expiryMonth: null, expiryYear: null };

test("a payment method has the name of its brand or bank, and its last digits", () => {
  const card = { ...NONE, kind: "CARD", last4: "4242" } as const;
  expect(paymentMethodName({ ...card, brand: "visa" })).toBe("Visa ending in 4242");
  expect(paymentMethodName({ ...card, brand: "amex" })).toBe("American Express ending in 4242");
  expect(paymentMethodName(card)).toBe("Card ending in 4242");
  expect(paymentMethodName({ ...NONE, kind: "BANK_DEBIT", brand: "A BANK", last4: "6789" })).toBe(
    "A BANK ending in 6789",
  );
  expect(paymentMethodName({ ...NONE, kind: "BANK_DEBIT" })).toBe("Bank account");
  expect(paymentMethodName({ ...NONE, kind: "OTHER" })).toBe("Another payment method");
});
