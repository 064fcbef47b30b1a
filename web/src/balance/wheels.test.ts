import { expect, test } from "vitest";

import { wheels } from "./wheels";

test("a number is its digits, with signs and separators in their places", () => {
  expect(wheels("−1,234").map(({ face }) => face)).toEqual(["−", 1, ",", 2, 3, 4]);
});

test("a wheel stays the same while the number grows", () => {
  expect(wheels("9").at(-1)?.place).toBe(wheels("1,009").at(-1)?.place);
});

test("no two wheels are the same", () => {
  const places = wheels("1.234.567").map(({ place }) => place);
  expect(new Set(places).size).toBe(places.length);
});
