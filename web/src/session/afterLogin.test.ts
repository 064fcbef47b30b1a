import { expect, test } from "vitest";

import { loginPath, pathAfterLogin } from "./afterLogin";

const after = (path: string) => pathAfterLogin(`?${new URLSearchParams({ next: path }).toString()}`);

test.each(["/pricing?subscribe=PRO", "/credits?credits=40&purchase=now", "/"])("logging in opens %s", (path) => {
  expect(pathAfterLogin(loginPath(path).replace("/login", ""))).toBe(path);
});

test.each([
  "https://evil.example",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "/.//evil.example",
  "/..//evil.example",
  "/./\\evil.example",
  "/%2e//evil.example",
  "/a/..//evil.example",
  "/\t/evil.example",
  "/.\n//evil.example",
  "javascript:alert(1)",
  "pricing",
  "",
])("logging in never opens %j", (path) => {
  expect(after(path)).toBe("/account");
});

test("no path opens another origin", () => {
  const pieces = ["/", "\\", ".", "..", "%2e", "\t", "@", "evil.example", "?", "#", ":", "a"];
  const links = pieces.flatMap((a) =>
    pieces.flatMap((b) => pieces.flatMap((c) => pieces.map((d) => `/${a}${b}${c}${d}`))),
  );
  const origins = links.map((link) => new URL(after(link), "https://pages.example").origin);
  expect(new Set(origins)).toEqual(new Set(["https://pages.example"]));
});

test("without a page it opens the account", () => {
  expect(pathAfterLogin("")).toBe("/account");
});
