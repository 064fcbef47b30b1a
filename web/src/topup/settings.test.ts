import { expect, test } from "vitest";

import { complaint, priceOf, settings } from "./settings";

const USUAL = { below: "9", credits: "25", cap: "20" };

test("whole numbers within their limits are settings", () => {
  expect(settings(USUAL)).toEqual({ below: 9, credits: 25, monthlyCap: 2000 });
  expect(settings({ below: " 10000 ", credits: "1000", cap: "10000" })?.monthlyCap).toBe(1_000_000);
});

test.each([
  ["below", "0"],
  ["below", "10001"],
  ["below", ""],
  ["credits", "2.5"],
  ["credits", "1001"],
  ["cap", "4"],
  ["cap", "ten"],
] as const)("%s cannot be %j", (field, value) => {
  const typed = { ...USUAL, [field]: value };
  expect(complaint(field, typed)).not.toBe("");
  expect(settings(typed)).toBeNull();
});

test("the cap pays for one top-up at least", () => {
  expect(priceOf(1)).toBe(500);
  expect(priceOf(100)).toBe(2000);
  expect(complaint("cap", { ...USUAL, credits: "100", cap: "19" })).toContain("$20.00");
  expect(complaint("cap", { ...USUAL, credits: "100", cap: "20" })).toBe("");
});
