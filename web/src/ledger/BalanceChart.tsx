import "./chart.css";

import { useEffect, useId, useState } from "react";

import { text } from "../text/current";
import { balanceHistory, type Step, summary } from "./balanceHistory";

const WIDTH = 1000;
const HEIGHT = 180;

/** The balance over its last changes, on an oscillochart. The table below it lists the same changes. */
export function BalanceChart({ steps }: { steps: readonly Step[] }) {
  const id = useId();
  const now = useNow();
  const { points, line, low, high } = balanceHistory(steps, WIDTH, HEIGHT, now);
  const zero = HEIGHT - ((0 - low) / (high - low || 1)) * HEIGHT;
  const last = points.at(-1);
  return (
    <figure className="screen chart">
      <div className="chart-glass">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-labelledby={id}>
          <title id={id}>{summary(steps)}</title>
          {[0.25, 0.5, 0.75].map((share) => (
            <line key={share} className="chart-grid" x1="0" x2={WIDTH} y1={HEIGHT * share} y2={HEIGHT * share} />
          ))}
          {[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((share) => (
            <line key={share} className="chart-grid" x1={WIDTH * share} x2={WIDTH * share} y1="0" y2={HEIGHT} />
          ))}
          <line className="chart-zero" x1="0" x2={WIDTH} y1={zero} y2={zero} />
          {line !== "" && (
            <>
              <path className="chart-area" d={`${line}V${zero}H0Z`} />
              <path className="chart-trace" d={line} />
            </>
          )}
        </svg>
        {last && <span className="chart-dot" style={{ top: `${(last.y / HEIGHT) * 100}%` }} />}
      </div>
      <figcaption className="chart-scale label" aria-hidden="true">
        <span>{caption(steps)}</span>
        <span>{steps.length === 0 ? "" : text.history.chartScale(low, high)}</span>
      </figcaption>
    </figure>
  );
}

/** The time of the browser, which moves on once a minute. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => {
      setNow(Date.now());
    }, 60_000);
    return () => {
      window.clearInterval(timer);
    };
  }, []);
  return now;
}

function caption(steps: readonly Step[]): string {
  const oldest = steps.at(-1);
  return oldest === undefined ? text.history.chartEmpty : text.history.chartCaption(steps.length, oldest.createdAt);
}
