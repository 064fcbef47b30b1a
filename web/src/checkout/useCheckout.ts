import { useCallback, useEffect, useState } from "react";

import { useAccount } from "../account/context";
import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
import { CreateCheckoutDocument, PurchaseCreditsDocument } from "../generated/graphql";
import { returnUrls, type Wish } from "./return";

/** A way to Stripe's page. */
export interface Checkout {
  /** Opens a checkout and leaves for its page. */
  open: (wish: Wish) => Promise<void>;
  /** What is being opened. */
  wish: Wish | null;
  failure: Failure | null;
}

/** Leads to checkout, once, however often it is clicked. */
export function useCheckout(): Checkout {
  const { balance } = useAccount();
  const plan = useAction(CreateCheckoutDocument);
  const pack = useAction(PurchaseCreditsDocument);
  const [wish, setWish] = useState<Wish | null>(null);
  const [refused, setRefused] = useState<Failure | null>(null);
  const [createPlan, createPack, version] = [plan.run, pack.run, balance?.version ?? 0];

  // Who comes back by the browser's own button finds the page as it was left.
  useEffect(() => {
    const back = (event: PageTransitionEvent): void => {
      if (event.persisted) setWish(null);
    };
    window.addEventListener("pageshow", back);
    return () => {
      window.removeEventListener("pageshow", back);
    };
  }, []);

  const open = useCallback(
    async (wish: Wish) => {
      setWish(wish);
      setRefused(null);
      const urls = returnUrls(window.location.origin, wish, version);
      let url: string | undefined;
      if ("tier" in wish) {
        const result = (await createPlan({ input: { tier: wish.tier, ...urls } }))?.createCheckout;
        if (result?.__typename === "Checkout") url = result.url;
        else if (result) setRefused({ code: "ALREADY_SUBSCRIBED", message: result.message, again: false });
      } else {
        url = (await createPack({ input: { credits: wish.credits, ...urls } }))?.purchaseCredits.url;
      }
      // The button stays as it is until the browser has left.
      if (url === undefined) setWish(null);
      else window.location.assign(url);
    },
    [createPlan, createPack, version],
  );
  return { open, wish, failure: refused ?? plan.failure ?? pack.failure };
}
