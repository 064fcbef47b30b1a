/** A value at a moment, which a reader can point at. */
export interface Mark {
  /** Milliseconds since 1970. */
  at: number;
  value: number;
  /** Says the value and its moment. */
  label: string;
}

/** A chart over time, without a size. */
export interface Drawing {
  /** `steps` keeps each value until the next mark, as balances do; `bars` stands one bar on each mark. */
  kind: "steps" | "bars";
  /** The time axis. */
  from: number;
  to: number;
  /** The value before the first mark. */
  before: number;
  /** From the oldest to the newest. */
  marks: readonly Mark[];
}

/** The values at the bottom and the top of a drawing. */
export interface Scale {
  low: number;
  high: number;
}

/** Fits the values of a drawing: zero is always among them, and the ends are round. */
export function scale({ marks, before }: Drawing): Scale {
  const values = [0, before, ...marks.map(({ value }) => value)];
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  return { low: lowest < 0 ? -round(-lowest) : 0, high: highest > 0 || lowest === 0 ? round(highest) : 0 };
}

/** The place of a moment on the time axis, from 0 to 1. */
export function place({ from, to }: Drawing, at: number): number {
  return Math.min(1, Math.max(0, (at - from) / (to - from || 1)));
}

/** The height of a value, from 0 at the bottom to 1. */
export function height({ low, high }: Scale, value: number): number {
  return (value - low) / (high - low || 1);
}

/** The mark nearest to a place on the time axis; null without marks. */
export function nearest(drawing: Drawing, share: number): number | null {
  let best: number | null = null;
  let distance = Infinity;
  for (const [index, { at }] of drawing.marks.entries()) {
    const apart = Math.abs(place(drawing, at) - share);
    // Of several at one moment, the newest.
    if (apart <= distance) [best, distance] = [index, apart];
  }
  return best;
}

/** The path of a line that keeps its height between the marks of a drawing, which is 1000 wide and 1000 high. */
export function line(drawing: Drawing, fit: Scale): string {
  const y = (value: number) => Math.round(1000 * (1 - height(fit, value)));
  const steps = drawing.marks.map(({ at, value }) => `H${Math.round(1000 * place(drawing, at))}V${y(value)}`);
  return `M0 ${y(drawing.before)}${steps.join("")}H1000`;
}

/** The next round number, and at least 4, so that a single credit does not fill the chart. */
function round(number: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(number, 1)));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * magnitude >= number) ?? 10;
  return Math.max(Math.ceil(step * magnitude), 4);
}
