import { afterEach, expect, test } from "vitest";

import { lastDays } from "./lastDays";

const zone = process.env["TZ"];
afterEach(() => {
  process.env["TZ"] = zone;
});

test("days begin at the reader's midnight, and today is the last of them", () => {
  process.env["TZ"] = "Pacific/Auckland";
  const now = Date.parse("2026-01-10T11:30:00Z");
  expect(lastDays(3, now)).toMatchObject({ from: "2026-01-08T11:00:00.000Z", to: "2026-01-11T11:00:00.000Z" });
});

test("a day is longer where clocks are set back", () => {
  process.env["TZ"] = "Europe/Berlin";
  const { from, to } = lastDays(1, Date.parse("2026-10-25T12:00:00Z"));
  expect([from, to]).toEqual(["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"]);
});
