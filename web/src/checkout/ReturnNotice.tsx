import { useEffect, useRef } from "react";
import { useLocation, useNavigate } from "react-router";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { Problem } from "../gateway/Problem";
import { type CheckoutPartsFragment, EndedSubscriptionDocument, type Tier } from "../generated/graphql";
import { Notice } from "../style/Notice";
import { text } from "../text/current";
import { lastCheckout } from "./lastCheckout";
import { cleaned, returnOf, without } from "./return";
import { type Returned, useReturned } from "./useReturned";

/** Milliseconds between two looks at a payment that is processing: one that fails changes no balance. */
const PAUSE = 5_000;

/** Shows the state of a checkout that the person has returned from. */
export function ReturnNotice() {
  useCleanAddress();
  const close = useClose();
  const returned = returnOf(useLocation());
  if (returned === null) return null;
  if ("id" in returned) return <CheckoutNotice key={returned.id} isLeft={returned.from === "left checkout"} />;
  return (
    <Notice onClose={close}>
      <p>{text.checkout.left}</p>
    </Notice>
  );
}

function CheckoutNotice({ isLeft }: { isLeft: boolean }) {
  const returned = useReturned();
  const close = useClose();
  const { checkout, failure, again } = returned;
  useUpdates(returned);
  // A checkout of somebody else, or an address that was mistyped: there is nothing to report.
  if (failure?.code === "NOT_FOUND") return null;
  if (checkout === null && failure !== null) return <Problem failure={failure} onAgain={again} />;
  if (checkout === null) {
    return (
      <Notice look="busy" onClose={close}>
        <p>
          <strong>{text.checkout.confirming}</strong> {text.checkout.confirmingText}
        </p>
      </Notice>
    );
  }
  return <StateNotice checkout={checkout} isLeft={isLeft} onClose={close} />;
}

interface StateNoticeProps {
  checkout: CheckoutPartsFragment;
  /** True if the person left the checkout before its end. */
  isLeft: boolean;
  onClose: () => void;
}

function StateNotice({ checkout, isLeft, onClose }: StateNoticeProps) {
  const { status, url } = checkout;
  switch (status) {
    case "PAID":
      return (
        <Notice look="good" onClose={onClose}>
          <p>
            <strong>{text.checkout.received}</strong> <Arrival checkout={checkout} /> {text.checkout.thanks}
          </p>
        </Notice>
      );
    case "PROCESSING":
      return (
        <Notice look="busy" onClose={onClose}>
          <p>
            <strong>{text.checkout.processing}</strong> {promise(checkout)}
          </p>
        </Notice>
      );
    case "OPEN":
      return (
        <Notice onClose={onClose}>
          <p>{isLeft ? text.checkout.leftUnpaid : text.checkout.open}</p>
          {url !== null && (
            <p>
              <a className="button" href={url}>
                {text.checkout.continue}
              </a>
            </p>
          )}
        </Notice>
      );
    case "EXPIRED":
      return (
        <Notice onClose={onClose}>
          <p>{text.checkout.expired}</p>
        </Notice>
      );
    case "CANCELED":
      return (
        <Notice look="bad" onClose={onClose}>
          <p>{text.checkout.failed}</p>
        </Notice>
      );
  }
}

/** The credits or the plan that were paid for. A plan begins a moment after its payment, and may have changed since. */
function Arrival({ checkout: { tier, credits } }: { checkout: CheckoutPartsFragment }) {
  const { plan } = useAccount();
  if (tier === null) return text.checkout.arrived(credits ?? 0);
  if (plan?.tier === tier) return text.checkout.onPlan(text.tiers[tier]);
  return plan?.subscription ? null : <Beginning tier={tier} />;
}

/** Says that a plan starts, unless one of the same tier has ended: it may be this one. */
function Beginning({ tier }: { tier: Tier }) {
  const [{ data }] = useQuery({ query: EndedSubscriptionDocument, requestPolicy: "cache-and-network" });
  if (data === undefined || data.endedSubscription?.tier === tier) return null;
  return text.checkout.begins(text.tiers[tier]);
}

function promise({ tier, credits }: CheckoutPartsFragment): string {
  return tier === null ? text.checkout.processingPack(credits ?? 0) : text.checkout.processingPlan(text.tiers[tier]);
}

/** Reads the checkout again after each change of the account, and at intervals while its payment is processing. */
function useUpdates({ checkout, again }: Returned): void {
  const { balance, plan } = useAccount();
  const version = `${balance?.version ?? ""} ${plan?.subscription?.version ?? ""}`;
  const seen = useRef(version);
  const status = checkout?.status;
  const undecided = status === "OPEN" || status === "PROCESSING";
  useEffect(() => {
    if (undecided && seen.current !== version) again();
    seen.current = version;
  }, [undecided, version, again]);
  useEffect(() => {
    if (status !== "PROCESSING") return;
    const timer = window.setInterval(again, PAUSE);
    return () => {
      window.clearInterval(timer);
    };
  }, [status, again]);
}

/** Closes the notice by removing the checkout from the address, and from what was kept of it. */
function useClose(): () => void {
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  return () => void navigate({ pathname, search: without(search).toString() }, { replace: true, state: null });
}

/** Removes the checkout from the address, and keeps it beside, so that a bookmark or a shared address does not repeat it. */
function useCleanAddress(): void {
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  useEffect(() => {
    const clean = cleaned(search, lastCheckout());
    if (clean === null) return;
    void navigate({ pathname, search: clean.search }, { replace: true, state: clean.state });
  }, [navigate, pathname, search]);
}
