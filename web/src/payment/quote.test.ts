import { expect, test } from "vitest";

import { complaint, credits, sliderValue } from "./quote";

test.each([
  ["1", 1],
  [" 250 ", 250],
  ["1000", 1000],
])("%s can be bought", (typed, number) => {
  expect(credits(typed)).toBe(number);
  expect(complaint(typed)).toBeNull();
});

test.each(["0", "1001", "-5", "2.5", "1e2", "ten", "99999"])("%s cannot be bought", (typed) => {
  expect(credits(typed)).toBeNull();
  expect(complaint(typed)).toBe("Enter a whole number from 1 to 1,000.");
});

test("an empty field is not complained about", () => {
  expect(credits("")).toBeNull();
  expect(complaint("")).toBeNull();
});

test.each([
  ["40", 40],
  ["7", 25],
  ["5000", 1000],
  ["", 25],
  ["ten", 25],
])("for %j the slider stands at %i", (typed, value) => {
  expect(sliderValue(typed, 25)).toBe(value);
});
