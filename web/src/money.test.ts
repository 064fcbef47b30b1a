import { expect, test } from "vitest";

import { count, price } from "./money";

test("prices are in their currency's own units", () => {
  expect(price({ amount: 499, currency: "USD" })).toBe("$4.99");
  expect(price({ amount: 500, currency: "JPY" })).toBe("¥500");
});

test("a count goes with its noun", () => {
  expect(count(1, "credit")).toBe("1 credit");
  expect(count(2000, "credit")).toBe("2,000 credits");
});
