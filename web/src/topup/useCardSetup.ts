import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
import { useLeaving } from "../gateway/useLeaving";
import { StartCardSetupDocument } from "../generated/graphql";

/** Opens Stripe's page that saves a card. */
export interface CardSetup {
  start: () => Promise<void>;
  busy: boolean;
  failure: Failure | null;
}

/** Opens the page that saves a card, which leads back to the account page. */
export function useCardSetup(): CardSetup {
  const { run, busy, failure } = useAction(StartCardSetupDocument);
  const { leave, leaving } = useLeaving();
  const start = async (): Promise<void> => {
    const account = `${window.location.origin}/account`;
    const input = { successUrl: `${account}?card=saved`, cancelUrl: account };
    const url = (await run({ input }))?.startCardSetup.url;
    if (url !== undefined) leave(url);
  };
  return { start, busy: busy || leaving, failure };
}
