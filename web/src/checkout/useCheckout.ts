import { useCallback, useState } from "react";

import type { Failure } from "../gateway/failure";
import { useAction } from "../gateway/useAction";
import { useRestored } from "../gateway/useRestored";
import { CreateCheckoutDocument, PurchaseCreditsDocument, type Tier } from "../generated/graphql";
import { text } from "../text/current";
import { storeCheckout } from "./lastCheckout";
import { returnUrls } from "./return";

/** The plan or the pack of credits that a checkout is for. */
export type Order = { tier: Tier } | { credits: number };

/** Opens checkouts at Stripe. */
export interface Checkout {
  /** Opens a checkout and goes to its page. */
  open: (order: Order) => Promise<void>;
  /** The order whose checkout is being opened. */
  order: Order | null;
  failure: Failure | null;
}

/** Opens one checkout, however often it is requested. */
export function useCheckout(): Checkout {
  const plan = useAction(CreateCheckoutDocument);
  const pack = useAction(PurchaseCreditsDocument);
  const [order, setOrder] = useState<Order | null>(null);
  const [refused, setRefused] = useState<Failure | null>(null);
  const [createPlan, createPack] = [plan.run, pack.run];

  useRestored(
    useCallback(() => {
      setOrder(null);
    }, []),
  );

  const open = useCallback(
    async (order: Order) => {
      setOrder(order);
      setRefused(null);
      const urls = returnUrls(window.location, "credits" in order ? order.credits : null);
      let opened: { id: string; url: string } | undefined;
      if ("tier" in order) {
        const result = (await createPlan({ input: { tier: order.tier, ...urls } }))?.createCheckout;
        if (result?.__typename === "Checkout") opened = result;
        else if (result)
          setRefused({ code: "ALREADY_SUBSCRIBED", message: text.checkout.alreadySubscribed, again: false });
      } else {
        opened = (await createPack({ input: { credits: order.credits, ...urls } }))?.purchaseCredits;
      }
      // The button stays busy until the browser has left the page.
      if (opened === undefined) {
        setOrder(null);
        return;
      }
      storeCheckout(opened.id);
      window.location.assign(opened.url);
    },
    [createPlan, createPack],
  );
  return { open, order, failure: refused ?? plan.failure ?? pack.failure };
}
