import { useEffect, useState } from "react";

import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
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
  const start = async (): Promise<void> => {
    const account = `${window.location.origin}/account`;
    const input = { successUrl: `${account}?card=saved`, cancelUrl: account };
    const url = (await run({ input }))?.startCardSetup.url;
    if (url === undefined) return;
    setLeaving(true);
    window.location.assign(url);
  };
  return { start, busy: busy || leaving, failure };
}
