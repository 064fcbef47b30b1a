/** A balance after one change. */
export interface Step {
  version: number;
  balanceAfter: number;
  creditsDelta: number;
  createdAt: string;
}

/** A point of a drawing, in its own units. */
export interface Point {
  x: number;
  y: number;
}

/** A balance over time, ready to be drawn. */
export interface Course {
  /** Where each balance begins, from the oldest on. */
  points: Point[];
  /** A line that keeps its height between changes, as balances do. */
  line: string;
  /** The balances that the drawing's floor and ceiling stand for. */
  low: number;
  high: number;
}

/** Fits a balance's changes, newest first, into a drawing of this size. Each change takes the same width: a quiet month is no news. */
export function course(steps: readonly Step[], width: number, height: number): Course {
  const oldest = steps.at(-1);
  if (oldest === undefined) return { points: [], line: "", low: 0, high: 0 };
  const balances = [oldest.balanceAfter - oldest.creditsDelta, ...steps.map((step) => step.balanceAfter).reverse()];
  const low = Math.min(0, ...balances);
  const high = nice(Math.max(...balances, low + 1));
  const points = balances.map((balance, place) => ({
    x: (place / balances.length) * width,
    y: height - ((balance - low) / (high - low)) * height,
  }));
  const line = points.map(({ x, y }, place) => (place === 0 ? `M${round(x)} ${round(y)}` : `H${round(x)}V${round(y)}`));
  // The newest balance holds until now.
  return { points, line: `${line.join("")}H${width}`, low, high };
}

/** What a drawing shows, for who does not see it. */
export function summary(steps: readonly Step[]): string {
  const [newest, oldest] = [steps[0], steps.at(-1)];
  if (newest === undefined || oldest === undefined) return "There is nothing to draw yet.";
  const from = oldest.balanceAfter - oldest.creditsDelta;
  const highest = Math.max(from, ...steps.map((step) => step.balanceAfter));
  const changes = steps.length === 1 ? "one change" : `${steps.length} changes`;
  return `Balance over the last ${changes}: from ${from} to ${newest.balanceAfter} credits, at most ${highest}.`;
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
