import { expect, test } from "vitest";

import { wheels } from "./wheels";

const faces = (number: number) =>
  wheels(number)
    .map(({ face }) => face)
    .join("");

test.each([
  [0, "0"],
  [97, "97"],
  [1234, "1,234"],
  [1234567, "1,234,567"],
  [-12, "−12"],
])("%i is %s", (number, text) => {
  expect(faces(number)).toBe(text);
});

test("a wheel stays the same while the number grows", () => {
  expect(wheels(9).at(-1)?.place).toBe(wheels(1009).at(-1)?.place);
});
