/** The unit of a time axis. */
export type TickUnit = "hour" | "day" | "month" | "year";

/** A round moment on a time axis. */
export interface Tick {
  at: number;
  unit: TickUnit;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Distances between ticks, each with about its length. */
const STEPS: readonly { unit: TickUnit; count: number; length: number }[] = [
  ...[1, 2, 3, 6, 12].map((count) => ({ unit: "hour" as const, count, length: count * HOUR })),
  ...[1, 2, 4, 7, 14].map((count) => ({ unit: "day" as const, count, length: count * DAY })),
  ...[1, 2, 3, 6].map((count) => ({ unit: "month" as const, count, length: count * 30.4 * DAY })),
  ...[1, 2, 5, 10, 20].map((count) => ({ unit: "year" as const, count, length: count * 365.25 * DAY })),
];

/**
 * The ticks of a time axis, oldest first and at most `most`: whole hours, or midnights, or firsts of months or of years
 * where the reader is. The ends are ticks of a range that is too short for any of these.
 */
export function ticks(from: number, to: number, most: number): Tick[] {
  const step = STEPS.find(({ length }) => (to - from) / length <= most - 1) ?? STEPS.at(-1);
  if (step === undefined || !(to > from)) return [];
  const { unit, count } = step;
  const parts = calendar(from);
  const found: Tick[] = [];
  for (let number = 0; number <= most * count + count; number += 1) {
    const at = moment(parts, unit, number);
    if (at > to) break;
    if (at >= from && isRound(calendar(at), unit, count, found.at(-1), at)) found.push({ at, unit });
  }
  return found.length > 0 ? found : [from, to].map((at) => ({ at, unit: "hour" }));
}

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
}

function calendar(at: number): Parts {
  const date = new Date(at);
  return { year: date.getFullYear(), month: date.getMonth(), day: date.getDate(), hour: date.getHours() };
}

/** The start of the unit that is so many units after the one with these parts. */
function moment({ year, month, day, hour }: Parts, unit: TickUnit, later: number): number {
  const make = (year: number, month = 0, day = 1, hour = 0) => new Date(year, month, day, hour).getTime();
  switch (unit) {
    case "hour":
      return make(year, month, day, hour + later);
    case "day":
      return make(year, month, day + later);
    case "month":
      return make(year, month + later);
    case "year":
      return make(year + later);
  }
}

/** True if a moment is one of every `count` units. Days are counted from the tick before, since months differ. */
function isRound(parts: Parts, unit: TickUnit, count: number, last: Tick | undefined, at: number): boolean {
  switch (unit) {
    case "hour":
      return parts.hour % count === 0 && at !== last?.at;
    case "day":
      return last === undefined || at - last.at > (count - 0.5) * DAY;
    case "month":
      return parts.month % count === 0;
    case "year":
      return parts.year % count === 0;
  }
}
