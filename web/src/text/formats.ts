import type { TickUnit } from "../chart/ticks";

/** An amount of money as the API gives it. */
export interface Money {
  /** In minor units of the currency. */
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** Writes numbers, amounts and dates by the reader's locale and time zone. */
export interface Formats {
  number: (value: number) => string;
  /** With a sign, also for gains: +25. */
  signed: (value: number) => string;
  money: (money: Money) => string;
  /** The day of a moment, always with its year. */
  day: (moment: string) => string;
  /** The day of a moment with its year, short enough for a table. */
  date: (moment: string) => string;
  /** A moment to the minute, with its year unless that is the present one. */
  minute: (moment: string) => string;
  /** A moment on a time axis, in milliseconds: as exact as the unit of the axis. */
  tick: (moment: number, unit: TickUnit) => string;
}

/** The format of a moment on a time axis, by the unit of the axis. */
const TICKS: Record<TickUnit, Intl.DateTimeFormatOptions> = {
  hour: { hour: "numeric", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  month: { month: "short", year: "numeric" },
  year: { year: "numeric" },
};

export function formats(locale: string, now: () => Date = () => new Date()): Formats {
  const number = new Intl.NumberFormat(locale);
  const signed = new Intl.NumberFormat(locale, { signDisplay: "exceptZero" });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const minute = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" } as const;
  const thisYear = new Intl.DateTimeFormat(locale, minute);
  const otherYear = new Intl.DateTimeFormat(locale, { ...minute, year: "numeric" });
  return {
    number: (value) => minus(number.format(value)),
    signed: (value) => minus(signed.format(value)),
    money: ({ amount, currency }) => {
      const format = new Intl.NumberFormat(locale, { style: "currency", currency });
      const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
      return minus(format.format(amount / 10 ** digits));
    },
    day: (moment) => day.format(new Date(moment)),
    date: (moment) => date.format(new Date(moment)),
    tick: (moment, unit) => new Intl.DateTimeFormat(locale, TICKS[unit]).format(moment),
    minute: (moment) => {
      const date = new Date(moment);
      return (date.getFullYear() === now().getFullYear() ? thisYear : otherYear).format(date);
    },
  };
}

/** With the minus sign that is as wide as a plus. */
function minus(text: string): string {
  return text.replace("-", "−");
}
