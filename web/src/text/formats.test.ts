import { expect, test } from "vitest";

import { formats } from "./formats";

const NOW = () => new Date("2026-11-27T12:00:00Z");

const english = formats("en-US", NOW);
const german = formats("de-DE", NOW);

test.each([
  [{ amount: 499, currency: "USD" }, "$4.99", "4,99\u00a0$"],
  [{ amount: 0, currency: "USD" }, "$0.00", "0,00\u00a0$"],
  [{ amount: 123456, currency: "EUR" }, "€1,234.56", "1.234,56\u00a0€"],
  [{ amount: 500, currency: "JPY" }, "¥500", "500\u00a0¥"],
])("%o is %s in English and %s in German", (money, inEnglish, inGerman) => {
  expect(english.money(money)).toBe(inEnglish);
  expect(german.money(money)).toBe(inGerman);
});

test("numbers are grouped as the reader groups them, and changes have a sign", () => {
  expect(english.number(1234567)).toBe("1,234,567");
  expect(german.number(1234567)).toBe("1.234.567");
  expect([25, 0, -1000].map(english.signed)).toEqual(["+25", "0", "−1,000"]);
});

test("a moment has its year where that is not the present one", () => {
  // The space before AM differs between versions of Unicode's data.
  expect(english.minute("2026-01-27T09:05:00Z")).toMatch(/^Jan 27, 9:05\sAM$/);
  expect(english.minute("2027-01-27T09:05:00Z")).toMatch(/^Jan 27, 2027, 9:05\sAM$/);
  expect(german.minute("2027-01-27T09:05:00Z")).toMatch(/^27\. Jan\. 2027, 0?9:05$/);
});

test("a day is the day where the reader is", () => {
  const zone = process.env["TZ"];
  try {
    process.env["TZ"] = "Pacific/Auckland";
    expect(formats("en-NZ").day("2027-01-27T20:00:00Z")).toBe("28 January 2027");
  } finally {
    process.env["TZ"] = zone;
  }
  expect(german.day("2027-01-27T20:00:00Z")).toBe("27. Januar 2027");
});
