import { useCallback, useEffect, useRef, useState } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { useReturned } from "../checkout/useReturned";
import { type Failure, failure } from "../gateway/failure";
import { type InvoicePartsFragment, InvoicesDocument } from "../generated/graphql";
import { useReturnedMoney } from "../subscription/useReturnedMoney";

/** Invoices that are listed at first, and that each further click multiplies. */
const STEP = 6;

/** The most that the API lists at once. */
const MOST = 100;

/** Milliseconds after a change until Stripe has surely made its invoice. */
const PATIENCE = 4_000;

/** The invoices of the person who is logged in. */
export interface Invoices {
  /** Null until they have been read. */
  list: readonly InvoicePartsFragment[] | null;
  failure: Failure | null;
  /** Lists more of them; null where all are listed. */
  more: (() => void) | null;
  again: () => void;
}

/** Reads the invoices, and again after each change of the plan and each payment. */
export function useInvoices(): Invoices {
  const [first, setFirst] = useState(STEP);
  const [{ data, error }, ask] = useQuery({
    query: InvoicesDocument,
    variables: { first },
    requestPolicy: "cache-and-network",
  });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  useUpdates(again);
  const hasMore = (data?.invoices?.pageInfo.hasNextPage ?? false) && first < MOST;
  return {
    list: data?.invoices?.nodes ?? null,
    failure: error && !data?.invoices ? { ...failure(error), again: true } : null,
    more: hasMore
      ? () => {
          setFirst(Math.min(MOST, first * 4));
        }
      : null,
    again,
  };
}

/**
 * Asks again a moment after each change of the subscription or of what was returned of its money, and after a payment that the
 * person has returned from.
 */
function useUpdates(again: () => void): void {
  const { plan } = useAccount();
  const returned = useReturnedMoney()?.returned.amount ?? 0;
  const version = plan === null ? null : `${plan.subscription?.version ?? 0} ${returned}`;
  const isPaid = useReturned().checkout?.status === "PAID";
  const seen = useRef(version);
  useEffect(() => {
    const isNew = seen.current !== null && seen.current !== version;
    seen.current = version;
    if (!isNew && !isPaid) return;
    const timer = window.setTimeout(again, PATIENCE);
    return () => {
      window.clearTimeout(timer);
    };
  }, [version, isPaid, again]);
}
