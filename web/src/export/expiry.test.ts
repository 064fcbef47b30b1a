import { expect, test } from "vitest";

import { expiry } from "./expiry";

test("a ticket says when it ends", () => {
  const claims = btoa(JSON.stringify({ exp: 1767225600, jti: "7" })).replaceAll("=", "");
  expect(expiry(`head.${claims}.signature`)).toBe("2026-01-01T00:00:00.000Z");
});

test.each(["", "no ticket", "a.b.c", "a.e30.c"])("%s does not", (ticket) => {
  expect(expiry(ticket)).toBeNull();
});
