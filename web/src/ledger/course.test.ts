import { expect, test } from "vitest";

import { course, type Step, summary } from "./course";

function steps(...deltas: number[]): Step[] {
  let balance = 0;
  const booked = deltas.map((creditsDelta, place) => {
    balance += creditsDelta;
    return { version: place + 1, balanceAfter: balance, creditsDelta, createdAt: "2026-01-01T00:00:00Z" };
  });
  return booked.reverse();
}

test("a balance begins where it was before the oldest change", () => {
  const { points, low, high } = course(steps(100, -50), 120, 100);
  expect([low, high]).toEqual([0, 100]);
  expect(points).toEqual([
    { x: 0, y: 100 },
    { x: 40, y: 0 },
    { x: 80, y: 50 },
  ]);
});

test("it keeps its height between changes, and until now", () => {
  expect(course(steps(100, -50), 120, 100).line).toBe("M0 100H40V0H80V50H120");
});

test("a balance below zero has room", () => {
  const { low, points } = course(steps(10, -40), 100, 100);
  expect(low).toBe(-30);
  expect(points.at(-1)?.y).toBe(100);
});

test("changes without credits draw a flat line", () => {
  const { low, high, points } = course(steps(0, 0), 100, 100);
  expect(high).toBeGreaterThan(low);
  expect(points.every(({ y }) => y === 100)).toBe(true);
});

test("nothing is drawn of nothing", () => {
  expect(course([], 100, 100).line).toBe("");
  expect(summary([])).toBe("There is nothing to draw yet.");
});

test("it is told in words", () => {
  expect(summary(steps(100, -3, -3))).toBe("Balance over the last 3 changes: from 0 to 94 credits, at most 100.");
});
