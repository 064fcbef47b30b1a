import { expect, test } from "vitest";

import { balanceHistory, type Step, summary } from "./balanceHistory";

const START = Date.parse("2026-01-01T00:00:00Z");

const DAY = 86_400_000;

/** Changes on these days, by these credits, newest first. */
function steps(...changes: [day: number, creditsDelta: number][]): Step[] {
  let balance = 0;
  const recorded = changes.map(([day, creditsDelta], place) => {
    balance += creditsDelta;
    const createdAt = new Date(START + day * DAY).toISOString();
    return { version: place + 1, balanceAfter: balance, creditsDelta, createdAt };
  });
  return recorded.reverse();
}

/** A drawing of ten days, 100 wide and 100 high. */
const draw = (...changes: [number, number][]) => balanceHistory(steps(...changes), 100, 100, START + 10 * DAY);

test("time runs evenly from the oldest change to now", () => {
  const { points, low, high } = draw([0, 100], [2, -50], [9, -50]);
  expect([low, high]).toEqual([0, 100]);
  expect(points).toEqual([
    { x: 0, y: 0 },
    { x: 20, y: 50 },
    { x: 90, y: 100 },
  ]);
});

test("a balance keeps its height between changes, and until now", () => {
  expect(draw([0, 100], [5, -50]).line).toBe("M0 100H0V0H50V50H100");
});

test("a change that is later than the clock of the browser is at the end", () => {
  const { points } = balanceHistory(steps([0, 10], [40, 5]), 100, 100, START + 10 * DAY);
  expect(points.at(-1)?.x).toBe(100);
});

test("changes of one moment are drawn", () => {
  const { line } = balanceHistory(steps([0, 10], [0, 5]), 100, 100, START);
  expect(line).not.toContain("NaN");
});

test("a balance below zero has room", () => {
  const { low, points } = draw([0, 10], [1, -40]);
  expect(low).toBe(-30);
  expect(points.at(-1)?.y).toBe(100);
});

test("changes without credits draw a flat line", () => {
  const { low, high, points } = draw([0, 0], [1, 0]);
  expect(high).toBeGreaterThan(low);
  expect(points.every(({ y }) => y === 100)).toBe(true);
});

test("without changes there is no line", () => {
  expect(draw().line).toBe("");
  expect(summary([])).toBe("No changes yet");
});

test("the drawing has a description", () => {
  expect(summary(steps([0, 100], [1, -3], [2, -3]))).toBe(
    "Balance over the last 3 changes: from 0 to 94 credits, highest 100.",
  );
});
