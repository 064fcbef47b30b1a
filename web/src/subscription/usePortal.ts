import { useEffect, useState } from "react";

import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
import { OpenBillingPortalDocument } from "../generated/graphql";

/** A way to Stripe's own pages for cards and invoices. */
export interface Portal {
  open: () => Promise<void>;
  busy: boolean;
  failure: Failure | null;
}

/** Leads to the billing portal, and back here afterwards. */
export function usePortal(): Portal {
  const { run, busy, failure } = useAction(OpenBillingPortalDocument);
  const [leaving, setLeaving] = useState(false);
  // Who comes back by the browser's own button finds the page as it was left.
  useEffect(() => {
    const back = (): void => {
      setLeaving(false);
    };
    window.addEventListener("pageshow", back);
    return () => {
      window.removeEventListener("pageshow", back);
    };
  }, []);
  const open = async (): Promise<void> => {
    const url = (await run({ input: { returnUrl: `${window.location.origin}/account` } }))?.openBillingPortal.url;
    if (url === undefined) return;
    setLeaving(true);
    window.location.assign(url);
  };
  return { open, busy: busy || leaving, failure };
}
