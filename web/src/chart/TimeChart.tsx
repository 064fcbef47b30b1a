import "./chart.css";

import { type KeyboardEvent, type PointerEvent, useState } from "react";

import { format } from "../text/current";
import { type Drawing, height, line, nearest, place, type Scale, scale } from "./drawing";
import { ticks } from "./ticks";

/** Ticks that fit below the narrowest chart. */
const TICKS = 4;

/** The share of the height that a value needs beside another one. */
const ROOM = 0.2;

interface TimeChartProps {
  drawing: Drawing;
  /** Describes the chart in a sentence, for screen readers. */
  summary: string;
  /** Says below the chart what it shows. */
  caption: string;
}

/** Values over time on an oscillochart. The pointer and the arrow keys read its values. */
export function TimeChart({ drawing, summary, caption }: TimeChartProps) {
  const fit = scale(drawing);
  return (
    <figure className="screen chart">
      <div className="chart-plot">
        <Values fit={fit} />
        {drawing.marks.length === 0 ? (
          <div className="chart-glass" role="img" aria-label={summary}>
            <Picture drawing={drawing} fit={fit} />
          </div>
        ) : (
          <Readable drawing={drawing} fit={fit} summary={summary} />
        )}
        <Axis drawing={drawing} />
      </div>
      <figcaption className="label">{caption}</figcaption>
    </figure>
  );
}

/** The chart as a slider along its marks: screen readers say the value of each. */
function Readable({ drawing, fit, summary }: { drawing: Drawing; fit: Scale; summary: string }) {
  const [chosen, choose] = useState<number | null>(null);
  const last = drawing.marks.length - 1;
  const reading = chosen === null ? null : Math.min(chosen, last);
  const leave = () => {
    choose(null);
  };
  const keys = (event: KeyboardEvent) => {
    const next = keyed(event.key, reading, last);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  };
  const point = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    choose(nearest(drawing, (event.clientX - left) / width));
  };
  return (
    <div
      className="chart-glass"
      role="slider"
      tabIndex={0}
      aria-label={summary}
      aria-valuemin={1}
      aria-valuemax={last + 1}
      aria-valuenow={(reading ?? last) + 1}
      aria-valuetext={drawing.marks[reading ?? last]?.label}
      onKeyDown={keys}
      onBlur={leave}
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={leave}
    >
      <Picture drawing={drawing} fit={fit} />
      {reading !== null && <Reading drawing={drawing} fit={fit} index={reading} />}
    </div>
  );
}

/** The mark that a key leads to; undefined if the key is none of the chart's. */
function keyed(key: string, reading: number | null, last: number): number | null | undefined {
  const moves: Record<string, number | null> = {
    ArrowLeft: Math.max(0, (reading ?? last + 1) - 1),
    ArrowDown: Math.max(0, (reading ?? last + 1) - 1),
    ArrowRight: Math.min(last, (reading ?? last) + 1),
    ArrowUp: Math.min(last, (reading ?? last) + 1),
    Home: 0,
    End: last,
    Escape: null,
  };
  return moves[key];
}

function Picture({ drawing, fit }: { drawing: Drawing; fit: Scale }) {
  const zero = 1000 * (1 - height(fit, 0));
  const path = line(drawing, fit);
  return (
    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
      {[0.25, 0.5, 0.75].map((share) => (
        <line key={share} className="chart-grid" x1="0" x2="1000" y1={1000 * share} y2={1000 * share} />
      ))}
      {ticks(drawing.from, drawing.to, TICKS).map(({ at }) => (
        <line key={at} className="chart-grid" {...vertical(1000 * place(drawing, at))} />
      ))}
      <line className="chart-zero" x1="0" x2="1000" y1={zero} y2={zero} />
      {drawing.kind === "steps" && drawing.marks.length > 0 && (
        <>
          <path className="chart-area" d={`${path}V${zero}H0Z`} />
          <path className="chart-trace" d={path} />
        </>
      )}
      {drawing.kind === "bars" &&
        drawing.marks.map(({ at, value }, index) => (
          <path
            key={index}
            className="chart-bar"
            d={`M${1000 * place(drawing, at)} ${zero}V${1000 * (1 - height(fit, value))}`}
          />
        ))}
    </svg>
  );
}

function vertical(x: number) {
  return { x1: x, x2: x, y1: 0, y2: 1000 };
}

/** The value that is being read, with its moment. */
function Reading({ drawing, fit, index }: { drawing: Drawing; fit: Scale; index: number }) {
  const mark = drawing.marks[index];
  if (mark === undefined) return null;
  const share = 100 * place(drawing, mark.at);
  return (
    <>
      <span className="chart-cursor" style={{ left: `${share}%` }} />
      <span className="chart-dot" style={{ left: `${share}%`, bottom: `${100 * height(fit, mark.value)}%` }} />
      <span className="chart-reading small" style={{ left: `${share}%`, transform: `translateX(-${share}%)` }}>
        {mark.label}
      </span>
    </>
  );
}

/** The values at the ends of the chart, and at zero between them where there is room. */
function Values({ fit }: { fit: Scale }) {
  const ends = [fit.high, fit.low];
  const isNear = ends.some((end) => Math.abs(height(fit, end) - height(fit, 0)) < ROOM);
  const values = new Set(isNear ? ends : [fit.high, 0, fit.low]);
  return (
    <div className="chart-values label digits" aria-hidden="true">
      {[...values].map((value) => (
        <span key={value} style={{ bottom: `${100 * height(fit, value)}%` }}>
          {format.number(value)}
        </span>
      ))}
    </div>
  );
}

/** The dates below the chart. */
function Axis({ drawing }: { drawing: Drawing }) {
  return (
    <div className="chart-axis label" aria-hidden="true">
      {ticks(drawing.from, drawing.to, TICKS).map(({ at, unit }) => {
        const share = 100 * place(drawing, at);
        return (
          <span key={at} style={{ left: `${share}%`, transform: `translateX(-${share}%)` }}>
            {format.tick(at, unit)}
          </span>
        );
      })}
    </div>
  );
}
