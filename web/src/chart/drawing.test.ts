import { expect, test } from "vitest";

import { type Drawing, height, line, nearest, place, scale } from "./drawing";

const DAY = 86_400_000;

/** A drawing of ten days with these values. */
function draw(before: number, ...values: [day: number, value: number][]): Drawing {
  const marks = values.map(([day, value]) => ({ at: day * DAY, value, label: `${value}` }));
  return { kind: "steps", from: 0, to: 10 * DAY, before, marks };
}

test("time runs evenly along the axis, and nothing lies beyond it", () => {
  const drawing = draw(0);
  expect([0, 2, 9, 10, 40, -1].map((day) => place(drawing, day * DAY))).toEqual([0, 0.2, 0.9, 1, 1, 0]);
});

test("a value keeps its height until the next, and the last one until the end", () => {
  const drawing = draw(0, [0, 100], [5, 50]);
  expect(line(drawing, scale(drawing))).toBe("M0 1000H0V0H500V500H1000");
});

test("zero is always there, and values below it have room", () => {
  expect(scale(draw(0, [1, 100]))).toEqual({ low: 0, high: 100 });
  expect(scale(draw(10, [1, -30]))).toEqual({ low: -30, high: 10 });
  expect(scale(draw(0, [1, -9]))).toEqual({ low: -10, high: 0 });
  expect(scale(draw(0))).toEqual({ low: 0, high: 4 });
  expect(scale(draw(0, [1, 987_654]))).toEqual({ low: 0, high: 1_000_000 });
});

test("equal values and a single moment are drawn", () => {
  const flat = { ...draw(0, [0, 0]), to: 0 };
  expect(line(flat, scale(flat))).not.toContain("NaN");
  expect(height(scale(flat), 0)).toBe(0);
});

test("the nearest mark is found, and the newest of one moment", () => {
  const drawing = draw(0, [0, 1], [5, 2], [5, 3], [10, 4]);
  expect([-1, 0.2, 0.3, 0.6, 0.8, 2].map((share) => nearest(drawing, share))).toEqual([0, 0, 2, 2, 3, 3]);
  expect(nearest(draw(0), 0.5)).toBeNull();
});
