import { expect, test } from "vitest";

import { balanceChart, type Change, changesChart, usageChart } from "./drawings";

const START = Date.parse("2026-01-01T00:00:00Z");
const DAY = 86_400_000;
const NOW = START + 10 * DAY;

/** Changes on these days, by these credits, newest first. */
function changes(...changes: [day: number, creditsDelta: number][]): Change[] {
  let balance = 0;
  const recorded = changes.map(([day, creditsDelta], place) => {
    balance += creditsDelta;
    const createdAt = new Date(START + day * DAY).toISOString();
    return { version: place + 1, balanceAfter: balance, creditsDelta, createdAt };
  });
  return recorded.reverse();
}

const values = ({ drawing }: ReturnType<typeof balanceChart>) => drawing.marks.map(({ value }) => value);

test("a balance runs from before its oldest change until now", () => {
  const [, ...older] = changes([-5, 10], [0, 100], [2, -50]).reverse();
  const chart = balanceChart(older.reverse(), NOW);
  expect(chart.drawing).toMatchObject({ kind: "steps", from: START, to: NOW, before: 10 });
  expect(values(chart)).toEqual([110, 60]);
  expect(chart.summary).toBe("Balance over the last 2 changes: from 10 to 60 credits, highest 110.");
});

test("a change that is later than the clock of the browser is at the end", () => {
  expect(balanceChart(changes([0, 10], [40, 5]), NOW).drawing.to).toBe(START + 40 * DAY);
});

test("changes of one type are bars of their credits", () => {
  const chart = changesChart(changes([0, 25], [1, -3]), NOW);
  expect(chart.drawing.kind).toBe("bars");
  expect(values(chart)).toEqual([25, -3]);
  expect(chart.drawing.marks[1]?.label).toMatch(/−3 credits$/);
});

test("without changes there is an axis and nothing on it", () => {
  for (const chart of [balanceChart([], NOW), changesChart([], NOW)]) {
    expect(chart.summary).toBe("No changes yet");
    expect(chart.drawing.marks).toEqual([]);
    expect(chart.drawing.to).toBeGreaterThan(chart.drawing.from);
  }
});

test("usage has a bar in the middle of each day, and its sum in words", () => {
  const day = (number: number, exports: number) => ({
    from: new Date(START + number * DAY).toISOString(),
    to: new Date(START + (number + 1) * DAY).toISOString(),
    exports,
    credits: 3 * exports,
  });
  const { drawing, summary } = usageChart([day(0, 2), day(1, 0), day(2, 1)]);
  expect(drawing).toMatchObject({ kind: "bars", from: START, to: START + 3 * DAY });
  expect(drawing.marks.map(({ at }) => at)).toEqual([0.5, 1.5, 2.5].map((days) => START + days * DAY));
  expect(drawing.marks[0]?.label).toBe("January 1, 2026: 2 exports, 6 credits");
  expect(summary).toBe("3 exports for 9 credits in the last 3 days.");
});
