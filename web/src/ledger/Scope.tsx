import "./scope.css";

import { useId } from "react";

import { count } from "../money";
import { course, type Step, summary } from "./course";

const WIDTH = 1000;
const HEIGHT = 180;

/** Entries of the ledger that are drawn at most. */
const MOST = 100;

/** The balance over time on an oscilloscope. The table below it says the same in words. */
export function Scope({ steps }: { steps: readonly Step[] }) {
  const id = useId();
  const { points, line, low, high } = course(steps, WIDTH, HEIGHT);
  const zero = HEIGHT - ((0 - low) / (high - low || 1)) * HEIGHT;
  const last = points.at(-1);
  return (
    <figure className="screen scope">
      <div className="scope-glass">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-labelledby={id}>
          <title id={id}>{summary(steps)}</title>
          {[0.25, 0.5, 0.75].map((share) => (
            <line key={share} className="scope-grid" x1="0" x2={WIDTH} y1={HEIGHT * share} y2={HEIGHT * share} />
          ))}
          {[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((share) => (
            <line key={share} className="scope-grid" x1={WIDTH * share} x2={WIDTH * share} y1="0" y2={HEIGHT} />
          ))}
          <line className="scope-zero" x1="0" x2={WIDTH} y1={zero} y2={zero} />
          {line !== "" && (
            <>
              <path className="scope-area" d={`${line}V${zero}H0Z`} />
              <path className="scope-trace" d={line} />
            </>
          )}
        </svg>
        {last && <span className="scope-dot" style={{ top: `${(last.y / HEIGHT) * 100}%` }} />}
      </div>
      <figcaption className="scope-scale label" aria-hidden="true">
        <span>{steps.length === 0 ? "No signal yet" : `Last ${count(Math.min(steps.length, MOST), "change")}`}</span>
        <span>{steps.length === 0 ? "" : `${low.toLocaleString("en-US")} to ${count(high, "credit")}`}</span>
      </figcaption>
    </figure>
  );
}
