import { expect, test } from "vitest";

import { pause } from "./backoff";

test("pauses double with each attempt, up to 15 seconds", () => {
  expect([0, 1, 2, 3].map((tries) => pause(tries, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(pause(1000, 1)).toBe(15_000);
});

test("browsers reconnect at different times", () => {
  expect(pause(2, 0)).toBe(1000);
  expect(pause(2, 0.5)).toBe(1500);
});
