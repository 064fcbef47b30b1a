import { useCallback, useEffect, useRef } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { PeriodMoneyDocument } from "../generated/graphql";
import type { Money } from "../text/formats";

/** The money that paid for the current period of a plan, where some of it was returned. */
export interface ReturnedMoney {
  paid: Money;
  /** The part that was refunded, disputed or credited. */
  returned: Money;
}

/** Reads what was returned of the money for the current period, and again after each change of the account; null for nothing. */
export function useReturnedMoney(): ReturnedMoney | null {
  const { balance, plan } = useAccount();
  const subscription = plan?.subscription ?? null;
  const [{ data }, ask] = useQuery({
    query: PeriodMoneyDocument,
    pause: subscription === null,
    requestPolicy: "cache-and-network",
  });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const version = subscription === null ? null : `${balance?.version ?? ""} ${subscription.version}`;
  const seen = useRef(version);
  useEffect(() => {
    if (version !== null && seen.current !== null && seen.current !== version) again();
    seen.current = version;
  }, [version, again]);
  const money = subscription === null ? null : (data?.subscription?.periodMoney ?? null);
  return money !== null && money.returned.amount > 0 ? money : null;
}
