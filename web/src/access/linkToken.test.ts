import { expect, test } from "vitest";

import { linkToken } from "./linkToken";

test.each([
  ["#token=abc.def-1_2", "abc.def-1_2"],
  ["#token=", null],
  ["#other=abc", null],
  ["#", null],
  ["", null],
])("the token of %j is %j", (hash, token) => {
  expect(linkToken(hash)).toBe(token);
});
