import "./alerts.css";

import { useState } from "react";

import { Problem } from "../gateway/Problem";
import type { AlertPartsFragment } from "../generated/graphql";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { format, text } from "../text/current";
import { alertSummary } from "./alertSummary";
import { AlertSwitches } from "./AlertSwitches";
import { ThresholdForm } from "./ThresholdForm";
import { STEP, useAlerts } from "./useAlerts";

/** The most that the API lists at once. */
const MOST = 100;

/** Which alerts the person receives, and those of the past. */
export function AlertsModule() {
  const [first, setFirst] = useState(STEP);
  const { alerts, hasMore, settings, failure, again } = useAlerts(first);
  const threshold = settings?.find(({ kind }) => kind === "LOW_BALANCE");
  return (
    <section className="module alerts" aria-labelledby="alerts-title">
      <h2 id="alerts-title">{text.alerts.title}</h2>
      <p className="quiet small">{text.alerts.lead}</p>
      {settings && threshold ? (
        <div className="alerts-settings">
          <ThresholdForm setting={threshold} />
          <AlertSwitches settings={settings} />
        </div>
      ) : failure ? (
        <Problem failure={{ ...failure, again: true }} onAgain={again} />
      ) : (
        <Skeleton className="alerts-skeleton" />
      )}
      {alerts.length > 0 && <List alerts={alerts} />}
      {hasMore && first < MOST && (
        <p>
          <Button
            look="quiet"
            onClick={() => {
              setFirst(Math.min(MOST, first * 4));
            }}
          >
            {text.alerts.more}
          </Button>
        </p>
      )}
    </section>
  );
}

function List({ alerts }: { alerts: readonly AlertPartsFragment[] }) {
  return (
    <ul className="alerts-list" aria-label={text.alerts.list}>
      {alerts.map((alert) => (
        <li key={alert.id}>
          <time className="quiet small" dateTime={alert.createdAt}>
            {format.minute(alert.createdAt)}
          </time>
          <span>{alertSummary(alert)}</span>
        </li>
      ))}
    </ul>
  );
}
