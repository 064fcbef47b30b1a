import { useEffect, useState } from "react";
import { useQuery } from "urql";

import { TimeChart } from "../chart/TimeChart";
import { type ChangeType, ChangesDocument, UsageDocument } from "../generated/graphql";
import { balanceChart, changesChart, usageChart } from "./drawings";
import { lastDays } from "./lastDays";
import { useUpdates } from "./useUpdates";

const MINUTE = 60_000;

/** Days of usage that are shown. */
const DAYS = 30;

/** The history as a chart: the balance, or the changes of one type, or the exports of each day. */
export function HistoryChart({ type }: { type: ChangeType | null }) {
  return type === "SPEND" ? <UsageChart /> : <ChangesChart type={type} />;
}

function ChangesChart({ type }: { type: ChangeType | null }) {
  const [{ data }, ask] = useQuery({ query: ChangesDocument, variables: { changeType: type } });
  const now = useNow(MINUTE);
  useUpdates(data?.newest.nodes, () => {
    ask({ requestPolicy: "network-only" });
  });
  const changes = data?.ledger.nodes ?? [];
  return <TimeChart {...(type === null ? balanceChart(changes, now) : changesChart(changes, now))} />;
}

function UsageChart() {
  const [{ data }, ask] = useQuery({ query: UsageDocument, variables: { ...lastDays(DAYS, useNow(MINUTE)) } });
  useUpdates(data?.newest.nodes, () => {
    ask({ requestPolicy: "network-only" });
  });
  return <TimeChart {...usageChart(data?.usage ?? [])} />;
}

/** The time of the browser, which moves on once in a while. */
function useNow(pause: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => {
      setNow(Date.now());
    }, pause);
    return () => {
      window.clearInterval(timer);
    };
  }, [pause]);
  return now;
}
