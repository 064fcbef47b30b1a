import { expect, test } from "vitest";

import { attemptFor, correctionProblem, readCredits } from "./correctionAttempt";

let keys = 0;
const newKey = () => `key-${(keys += 1)}`;

test("the same correction has the same key until its outcome is known", () => {
  const first = attemptFor(null, 5, "sorry", newKey);
  expect(attemptFor(first, 5, "sorry", newKey)).toBe(first);
  for (const other of [attemptFor(first, -5, "sorry", newKey), attemptFor(first, 5, "thanks", newKey)]) {
    expect(other.idempotencyKey).not.toBe(first.idempotencyKey);
  }
  expect(attemptFor(null, 5, "sorry", newKey).idempotencyKey).not.toBe(first.idempotencyKey);
});

test("credits are a whole number other than zero, within the limit", () => {
  expect(["5", "-5", " 7 ", "100000", "-100000"].map(readCredits)).toEqual([5, -5, 7, 100_000, -100_000]);
  expect(["", " ", "0", "-0", "1.5", "100001", "-100001", "ten", "NaN", "Infinity"].map(readCredits)).toEqual(
    Array(10).fill(null),
  );
});

test("a correction takes no more than is available", () => {
  const problems = (available: number) =>
    ["9", "-9", "-10", "-500", "ten"].map((text) => correctionProblem(text, available));
  expect(problems(9)).toEqual([null, null, "tooMuch", "tooMuch", "wrong"]);
  expect(problems(-3)).toEqual([null, "tooMuch", "tooMuch", "tooMuch", "wrong"]);
});
