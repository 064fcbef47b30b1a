import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { OrderEvidenceDocument } from "../generated/graphql";
import { Notice } from "../style/Notice";
import { text } from "../text/current";
import { orderState, type OrderState } from "./orderState";
import { type Order, readReturn } from "./return";

/** Milliseconds after which a confirmation is no longer expected at any moment. */
const PATIENCE = 20_000;

/** Milliseconds between two looks at a payment that is not decided yet. */
const PAUSE = 5_000;

/** Shows the state of a checkout that the person has returned from. */
export function ReturnNotice() {
  const { search } = useLocation();
  const close = useClose();
  const returned = readReturn(search);
  if (returned === null) return null;
  if (returned.from === "checkout") return <OrderNotice key={search} order={returned.order} after={returned.after} />;
  return (
    <Notice onClose={close}>
      <p>{text.checkout.left}</p>
    </Notice>
  );
}

function OrderNotice({ order, after }: { order: Order; after: number }) {
  const state = useOrderState(order, after);
  const late = useLate(state === "confirming");
  const close = useClose();
  const { checkout } = text;
  switch (state) {
    case "complete":
      return (
        <Notice look="good" onClose={close}>
          <p>
            <strong>
              {"tier" in order ? checkout.onPlan(text.tiers[order.tier]) : checkout.arrived(order.credits)}
            </strong>{" "}
            {checkout.thanks}
          </p>
        </Notice>
      );
    case "processing":
      return (
        <Notice look="busy" onClose={close}>
          <p>
            <strong>{checkout.processing}</strong>{" "}
            {"tier" in order ? checkout.processingPlan(text.tiers[order.tier]) : checkout.processingPack(order.credits)}
          </p>
        </Notice>
      );
    case "confirming":
      return (
        <Notice look="busy" onClose={close}>
          <p>
            <strong>{checkout.confirming}</strong> {late ? checkout.late : checkout.confirmingText}
          </p>
        </Notice>
      );
  }
}

function useOrderState(order: Order, after: number): OrderState {
  const account = useAccount();
  const version = account.balance?.version ?? 0;
  const isPack = "credits" in order;
  const [{ data }, ask] = useQuery({
    query: OrderEvidenceDocument,
    pause: !isPack,
    requestPolicy: "cache-and-network",
  });
  const state = orderState(order, after, account, data);
  const undecided = isPack && state !== "complete";
  useEffect(() => {
    if (!undecided) return;
    const look = () => {
      ask({ requestPolicy: "network-only" });
    };
    // At each change of the balance, and now and then: a payment that fails changes no balance.
    if (version > after) look();
    const timer = window.setInterval(look, PAUSE);
    return () => {
      window.clearInterval(timer);
    };
  }, [undecided, version, after, ask]);
  return state;
}

function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waiting) return;
    const timer = window.setTimeout(() => {
      setLate(true);
    }, PATIENCE);
    return () => {
      window.clearTimeout(timer);
    };
  }, [waiting]);
  return late;
}

/** Closes the notice by removing the checkout from the address. */
function useClose(): () => void {
  const navigate = useNavigate();
  return () => void navigate("/account", { replace: true });
}
