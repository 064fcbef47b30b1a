import { useCallback, useEffect, useRef } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { type Failure, failure } from "../gateway/failure";
import { type AlertPartsFragment, AlertsDocument, type AlertSettingPartsFragment } from "../generated/graphql";

/** Alerts that are listed at first, and that are added by each click. */
export const STEP = 5;

/** The newest alerts, and which alerts are on. */
export interface Alerts {
  alerts: readonly AlertPartsFragment[];
  hasMore: boolean;
  /** Null until they have been read. */
  settings: readonly AlertSettingPartsFragment[] | null;
  failure: Failure | null;
  /** Reads them again. */
  again: () => void;
}

/** Reads the newest alerts, and again when another one is sent. */
export function useAlerts(first: number): Alerts {
  const [{ data, error }, ask] = useQuery({ query: AlertsDocument, variables: { first } });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const { alert } = useAccount();
  const seen = useRef(alert);
  useEffect(() => {
    if (seen.current !== alert) again();
    seen.current = alert;
  }, [alert, again]);
  return {
    alerts: data?.alerts.nodes ?? [],
    hasMore: data?.alerts.pageInfo.hasNextPage ?? false,
    settings: data?.alertSettings ?? null,
    failure: error && !data ? failure(error) : null,
    again,
  };
}
