import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
import { useLeaving } from "../gateway/useLeaving";
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
  const { leave, leaving } = useLeaving();
  const open = async (flow?: BillingPortalFlow): Promise<void> => {
    const input = { returnUrl: `${window.location.origin}/account`, flow: flow ?? null };
    const url = (await run({ input }))?.openBillingPortal.url;
    if (url !== undefined) leave(url);
  };
  return { open, busy: busy || leaving, failure };
}
