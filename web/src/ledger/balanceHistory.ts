import { text } from "../text/current";

/** A balance after one change. */
export interface Step {
  version: number;
  balanceAfter: number;
  creditsDelta: number;
  createdAt: string;
}

/** A point of a drawing, in its units. */
export interface Point {
  x: number;
  y: number;
}

/** A balance over its last changes, ready to be drawn. */
export interface BalanceHistory {
  /** The moment and the height of each change, from the oldest to the newest. */
  points: Point[];
  /** The path of a line that keeps its height between changes, as balances do. */
  line: string;
  /** The balances at the bottom and the top of the drawing. */
  low: number;
  high: number;
}

/**
 * Fits the changes of a balance, newest first, into a drawing of this size. Time runs evenly from the oldest change to
 * `now`, in milliseconds, or to the newest change where that is later.
 */
export function balanceHistory(steps: readonly Step[], width: number, height: number, now: number): BalanceHistory {
  const oldest = steps.at(-1);
  if (oldest === undefined) return { points: [], line: "", low: 0, high: 0 };
  const start = Date.parse(oldest.createdAt);
  const end = Math.max(now, ...steps.map((step) => Date.parse(step.createdAt)), start + 1);
  const before = oldest.balanceAfter - oldest.creditsDelta;
  const balances = steps.map((step) => step.balanceAfter);
  const low = Math.min(0, before, ...balances);
  const high = nice(Math.max(before, ...balances, low + 1));
  const y = (balance: number) => height - ((balance - low) / (high - low)) * height;
  const x = (moment: string) => ((Date.parse(moment) - start) / (end - start)) * width;
  const points = steps.map((step) => ({ x: x(step.createdAt), y: y(step.balanceAfter) })).reverse();
  const line = points.map(({ x, y }) => `H${round(x)}V${round(y)}`);
  // The newest balance holds until now.
  return { points, line: `M0 ${round(y(before))}${line.join("")}H${width}`, low, high };
}

/** Describes the drawing in a sentence, for screen readers. */
export function summary(steps: readonly Step[]): string {
  const [newest, oldest] = [steps[0], steps.at(-1)];
  if (newest === undefined || oldest === undefined) return text.history.chartEmpty;
  const from = oldest.balanceAfter - oldest.creditsDelta;
  const highest = Math.max(from, ...steps.map((step) => step.balanceAfter));
  return text.history.chartSummary(steps.length, from, newest.balanceAfter, highest);
}

/** The next round number. */
function nice(number: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(number, 1)));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * magnitude >= number) ?? 10;
  return Math.max(Math.ceil(step * magnitude), 10);
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
