import type { Drawing } from "../chart/drawing";
import { format, text } from "../text/current";

/** A change of the balance. */
export interface Change {
  version: number;
  balanceAfter: number;
  creditsDelta: number;
  createdAt: string;
}

/** The exports of a day. */
export interface Day {
  from: string;
  to: string;
  exports: number;
  credits: number;
}

/** A chart, with its words. */
export interface Chart {
  drawing: Drawing;
  summary: string;
  caption: string;
}

/** The balance over its last changes, newest first, until `now` in milliseconds. */
export function balanceChart(changes: readonly Change[], now: number): Chart {
  const [newest, oldest] = [changes[0], changes.at(-1)];
  const before = oldest === undefined ? 0 : oldest.balanceAfter - oldest.creditsDelta;
  const marks = changes.map(({ createdAt, balanceAfter }) => ({
    at: Date.parse(createdAt),
    value: balanceAfter,
    label: text.history.chartBalance(balanceAfter, createdAt),
  }));
  const highest = Math.max(before, ...changes.map(({ balanceAfter }) => balanceAfter));
  return {
    drawing: { kind: "steps", ...span(changes, now), before, marks: marks.reverse() },
    summary:
      newest === undefined
        ? text.history.chartEmpty
        : text.history.chartSummary(changes.length, before, newest.balanceAfter, highest),
    caption: caption(changes),
  };
}

/** The credits of the last changes of one type, newest first, until `now` in milliseconds. */
export function changesChart(changes: readonly Change[], now: number): Chart {
  const marks = changes.map(({ createdAt, creditsDelta }) => ({
    at: Date.parse(createdAt),
    value: creditsDelta,
    label: text.history.chartChange(creditsDelta, createdAt),
  }));
  return {
    drawing: { kind: "bars", ...span(changes, now), before: 0, marks: marks.reverse() },
    summary: caption(changes),
    caption: caption(changes),
  };
}

/** The exports of each day, oldest first. */
export function usageChart(days: readonly Day[]): Chart {
  const marks = days.map(({ from, to, exports, credits }) => ({
    // A bar stands in the middle of its day.
    at: (Date.parse(from) + Date.parse(to)) / 2,
    value: exports,
    label: text.history.usageDay(format.day(from), exports, credits),
  }));
  const sum = (value: (day: Day) => number) => days.reduce((sum, day) => sum + value(day), 0);
  const [from, to] = [Date.parse(days[0]?.from ?? ""), Date.parse(days.at(-1)?.to ?? "")];
  return {
    drawing: { kind: "bars", from, to, before: 0, marks },
    summary: text.history.usageSummary(
      sum(({ exports }) => exports),
      sum(({ credits }) => credits),
      days.length,
    ),
    caption: text.history.usageCaption(days.length),
  };
}

function caption(changes: readonly Change[]): string {
  const oldest = changes.at(-1);
  return oldest === undefined ? text.history.chartEmpty : text.history.chartCaption(changes.length, oldest.createdAt);
}

/** The time axis: from the oldest change to now, or to the newest change where that is later. */
function span(changes: readonly Change[], now: number): { from: number; to: number } {
  const times = changes.map(({ createdAt }) => Date.parse(createdAt));
  const from = Math.min(now, ...times);
  return { from, to: Math.max(now, from + 1, ...times) };
}
