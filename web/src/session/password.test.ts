import { expect, test } from "vitest";

import { passwordProblem } from "./password";

test.each([
  ["seven77", false],
  ["eight888", true],
  ["x".repeat(72), true],
  ["x".repeat(73), false],
  ["ö".repeat(4), true],
  ["ö".repeat(37), false],
])("%s can be a password: %s", (password, fine) => {
  expect(passwordProblem(password) === "").toBe(fine);
});
