import { useEffect, useState } from "react";

import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
import { type BillingPortalFlow, OpenBillingPortalDocument } from "../generated/graphql";

/** Opens Stripe's customer portal, with cards and invoices. */
export interface Portal {
  /** Opens all of it, or one step. */
  open: (flow?: BillingPortalFlow) => Promise<void>;
  busy: boolean;
  failure: Failure | null;
}

/** Opens the customer portal, which leads back to the account page. */
export function usePortal(): Portal {
  const { run, busy, failure } = useAction(OpenBillingPortalDocument);
  const [leaving, setLeaving] = useState(false);
  // The browser's back button can restore the page as it was left, with the button still busy.
  useEffect(() => {
    const back = (): void => {
      setLeaving(false);
    };
    window.addEventListener("pageshow", back);
    return () => {
      window.removeEventListener("pageshow", back);
    };
  }, []);
  const open = async (flow?: BillingPortalFlow): Promise<void> => {
    const input = { returnUrl: `${window.location.origin}/account`, flow: flow ?? null };
    const url = (await run({ input }))?.openBillingPortal.url;
    if (url === undefined) return;
    setLeaving(true);
    window.location.assign(url);
  };
  return { open, busy: busy || leaving, failure };
}
