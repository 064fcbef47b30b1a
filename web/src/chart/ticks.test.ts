import { afterEach, expect, test } from "vitest";

import { ticks } from "./ticks";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const zone = process.env["TZ"];
afterEach(() => {
  process.env["TZ"] = zone;
});

/** The ticks of a range, as times in UTC. */
function at(from: string, length: number, most = 5): string[] {
  const start = Date.parse(from);
  return ticks(start, start + length, most).map(({ at }) => new Date(at).toISOString().slice(0, 16));
}

test("ticks are round moments", () => {
  expect(at("2026-01-05T10:30:00Z", 10 * HOUR)).toEqual(["2026-01-05T12:00", "2026-01-05T15:00", "2026-01-05T18:00"]);
  expect(at("2026-01-05T10:30:00Z", 3 * DAY)).toEqual(["2026-01-06T00:00", "2026-01-07T00:00", "2026-01-08T00:00"]);
  expect(at("2026-01-20T00:00:00Z", 90 * DAY)).toEqual(["2026-02-01T00:00", "2026-03-01T00:00", "2026-04-01T00:00"]);
  expect(at("2024-06-01T00:00:00Z", 1200 * DAY)).toEqual(["2025-01-01T00:00", "2026-01-01T00:00", "2027-01-01T00:00"]);
});

test("days are counted across months", () => {
  expect(at("2026-01-25T00:00:00Z", 30 * DAY)).toEqual(["2026-01-25T00:00", "2026-02-08T00:00", "2026-02-22T00:00"]);
});

test("a range of any length has some ticks, and never too many", () => {
  for (let length = 2 * HOUR; length < 60 * 365 * DAY; length *= 1.17) {
    const found = ticks(0, length, 5);
    expect(found.length, `${length / HOUR} hours`).toBeLessThanOrEqual(5);
    expect(found.length, `${length / HOUR} hours`).toBeGreaterThan(0);
    expect(found.every(({ at }, index) => index === 0 || at > (found[index - 1]?.at ?? 0))).toBe(true);
  }
});

test("days begin at midnight where the reader is, also when the clock changes", () => {
  process.env["TZ"] = "Pacific/Auckland";
  const start = new Date(2026, 3, 4, 9).getTime();
  const found = ticks(start, start + 3 * DAY, 5).map(({ at }) => new Date(at));
  expect(found.map((date) => [date.getDate(), date.getHours()])).toEqual([
    [5, 0],
    [6, 0],
    [7, 0],
  ]);
});

test("the ends of a short range are its ticks", () => {
  expect(at("2026-01-05T10:30:00Z", HOUR / 6)).toEqual(["2026-01-05T10:30", "2026-01-05T10:40"]);
});

test("an empty range has no ticks", () => {
  expect(ticks(5, 5, 5)).toEqual([]);
  expect(ticks(NaN, NaN, 5)).toEqual([]);
});
