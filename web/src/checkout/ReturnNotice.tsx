import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { LatestPurchaseDocument } from "../generated/graphql";
import { count } from "../money";
import { name } from "../plan/tier";
import { Button } from "../style/Button";
import { type Paid, readReturn } from "./return";

/** Milliseconds after which a payment is no longer expected within the minute. */
const PATIENCE = 20_000;

/** Says how a checkout ended, and waits for what was paid to arrive. */
export function ReturnNotice() {
  const { search } = useLocation();
  const came = readReturn(search);
  if (came === null) return null;
  if (came.is === "success") return <Arrival paid={came.paid} />;
  return (
    <Notice tone="" led="" onClose>
      <p>You left the checkout, and nothing was charged.</p>
    </Notice>
  );
}

function Arrival({ paid }: { paid: Paid }) {
  const arrived = useArrived(paid);
  const late = useLate(!arrived);
  if (arrived) {
    return (
      <Notice tone="notice-good" led="led-live" onClose>
        <p>
          <strong>{welcome(paid)}</strong> Thank you.
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="" led="led-busy">
      <p>
        <strong>Payment received.</strong> What you paid for is on its way, and shows here by itself.
      </p>
      {late && <p className="quiet">It takes longer than usual. Money from a bank account may need some days.</p>}
    </Notice>
  );
}

function welcome({ wish }: Paid): string {
  if (wish === null) return "Your purchase is here.";
  return "tier" in wish ? `You are on ${name(wish.tier)}.` : `${count(wish.credits, "credit")} arrived.`;
}

/** Whether what was paid is there: the plan is in force, or the purchase is in the ledger. */
function useArrived({ wish, after }: Paid): boolean {
  const { balance, plan } = useAccount();
  const version = balance?.version ?? 0;
  const tier = wish !== null && "tier" in wish ? wish.tier : null;
  const [{ data }, ask] = useQuery({
    query: LatestPurchaseDocument,
    pause: tier !== null || version <= after,
    requestPolicy: "cache-and-network",
  });
  useEffect(() => {
    if (tier === null && version > after) ask({ requestPolicy: "network-only" });
  }, [tier, version, after, ask]);
  if (tier !== null) return plan?.tier === tier;
  const latest = data?.ledger.nodes[0];
  return latest !== undefined && latest.version > after;
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

interface NoticeProps {
  tone: string;
  led: string;
  onClose?: boolean;
  children: React.ReactNode;
}

function Notice({ tone, led, onClose = false, children }: NoticeProps) {
  const navigate = useNavigate();
  return (
    <div className={`notice return ${tone}`} role="status">
      <span className={`led ${led}`} aria-hidden="true" />
      <div>{children}</div>
      {onClose && (
        <Button look="quiet" onClick={() => void navigate("/account", { replace: true })}>
          Close
        </Button>
      )}
    </div>
  );
}
