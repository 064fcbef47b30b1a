import { expect, test } from "vitest";

import { loginPath, nextPath } from "./next";

test("logging in leads back to where one came from", () => {
  const path = "/pricing?subscribe=PRO";
  expect(nextPath(loginPath(path).replace("/login", ""))).toBe(path);
});

test.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "pricing", ""])(
  "logging in never leads to %s",
  (path) => {
    expect(nextPath(`?${new URLSearchParams({ next: path }).toString()}`)).toBe("/account");
  },
);

test("without a wish it leads to the account", () => {
  expect(nextPath("")).toBe("/account");
});
