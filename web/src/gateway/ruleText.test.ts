import { expect, test } from "vitest";

import { ruleText } from "./ruleText";

test("a rule is a text with its limits", () => {
  expect(ruleText({ rule: "RANGE", field: "input.below", min: 1, max: 1000000 })).toBe(
    "Enter a number from 1 to 1000000.",
  );
  expect(ruleText({ rule: "LENGTH", field: "input.username", min: 1, max: 100 })).toMatch(/^Use 1 to 100 characters/);
  expect(ruleText({ rule: "WRONG_PASSWORD", field: "input.currentPassword" })).toBe("The current password is wrong.");
});

test("the text of a rule depends on the argument where it says what to do", () => {
  expect(ruleText({ rule: "TAKEN", field: "input.email" })).toBe("This email is already registered. Log in instead.");
  expect(ruleText({ rule: "TAKEN", field: "input.username" })).toBeUndefined();
});

test("a rule that the pages do not know has no text", () => {
  expect(ruleText({ rule: "A_RULE_OF_NEXT_YEAR", field: "input.email" })).toBeUndefined();
  expect(ruleText({ rule: "RANGE" })).toBeUndefined();
  expect(ruleText({ code: "INTERNAL" })).toBeUndefined();
});
