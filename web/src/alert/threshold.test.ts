import { expect, test } from "vitest";

import { threshold } from "./threshold";

test("a threshold is a whole number from 1 to a million", () => {
  expect(threshold("10")).toBe(10);
  expect(threshold(" 1000000 ")).toBe(1_000_000);
  for (const wrong of ["", "0", "-1", "1.5", "ten", "1000001", "1e3"]) expect(threshold(wrong)).toBeNull();
});
