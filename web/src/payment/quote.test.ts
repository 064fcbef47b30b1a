import { expect, test } from "vitest";

import { complaint, credits } from "./quote";

test.each([
  ["1", 1],
  [" 250 ", 250],
  ["1000", 1000],
])("%s can be bought", (typed, number) => {
  expect(credits(typed)).toBe(number);
  expect(complaint(typed)).toBeNull();
});

test.each(["0", "1001", "-5", "2.5", "1e2", "ten", "99999"])("%s cannot", (typed) => {
  expect(credits(typed)).toBeNull();
  expect(complaint(typed)).toBe("Type a whole number from 1 to 1,000.");
});

test("who has typed nothing yet is not corrected", () => {
  expect(credits("")).toBeNull();
  expect(complaint("")).toBeNull();
});
