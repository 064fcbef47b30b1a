import "./pricing.css";

import { useEffect, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { NotSelling } from "../checkout/NotSelling";
import { useCheckout } from "../checkout/useCheckout";
import { useSelling } from "../checkout/useSelling";
import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type PlanPartsFragment, PlansDocument, type Tier } from "../generated/graphql";
import { useSession } from "../session/current";
import { loginPath } from "../session/next";
import { BlankPlan } from "./BlankPlan";
import { cheapest, type Looker, offer } from "./offer";
import { PlanChange } from "./PlanChange";
import { PlanModule } from "./PlanModule";
import { isPaid } from "./tier";

/** What can be subscribed to. */
export function PricingPage() {
  const [{ data, error }, ask] = useQuery({ query: PlansDocument });
  const selling = useSelling();
  const looker = useLooker();
  const checkout = useCheckout();
  const [changing, setChanging] = useState<Tier | null>(null);
  const choose = useChoice(looker, (tier) => {
    if (looker?.known && looker.subscription !== null) setChanging(tier);
    else void checkout.open({ tier });
  });
  const wished = checkout.wish !== null && "tier" in checkout.wish ? checkout.wish.tier : null;
  return (
    <>
      <title>Pricing – Patch-Hive</title>
      <div className="page-title">
        <h1>Pick your voltage</h1>
        <p className="lead">Each plan is patched into the one before it, and passes on all that it has.</p>
      </div>
      {!selling && <NotSelling />}
      <Problem failure={checkout.failure} />
      {error && !data && (
        <Problem
          failure={{ ...failure(error), again: true }}
          onAgain={() => {
            ask({ requestPolicy: "network-only" });
          }}
        />
      )}
      <ul className="plans" aria-busy={!data}>
        {data?.plans.map((plan) => (
          <PlanModule
            key={plan.tier}
            plan={plan}
            offer={looker === null ? null : offer(plan.tier, looker)}
            best={plan === cheapest(data.plans)}
            busy={wished === plan.tier}
            selling={selling}
            onChoose={() => {
              choose(plan.tier);
            }}
          />
        ))}
        {!data && !error && ["FREE", "CORE", "PRO", "STUDIO"].map((tier) => <BlankPlan key={tier} tier={tier} />)}
      </ul>
      <Change
        looker={looker}
        plan={data?.plans.find(({ tier }) => tier === changing)}
        onClose={() => {
          setChanging(null);
        }}
      />
      <p className="module need-more">
        <strong>Need more credits?</strong> A pack adds as many as you like, with or without a plan.{" "}
        <Link to="/credits">Buy credits</Link>
      </p>
    </>
  );
}

interface ChangeProps {
  looker: Looker | null;
  /** The plan that was chosen. */
  plan: PlanPartsFragment | undefined;
  onClose: () => void;
}

/** The question whether to change, while there is one. A change that was made is best seen on the account page. */
function Change({ looker, plan, onClose }: ChangeProps) {
  const navigate = useNavigate();
  if (plan === undefined || !looker?.known || looker.subscription === null) return null;
  // Told live that it is done already, perhaps before the answer to the click.
  if (looker.subscription.tier === plan.tier) return null;
  return (
    <PlanChange
      from={looker.subscription.tier}
      to={plan}
      onClose={(changed) => {
        onClose();
        if (changed) void navigate("/account");
      }}
    />
  );
}

/** Who looks at the plans; null while that is not known yet. */
function useLooker(): Looker | null {
  const known = useSession().is !== "out";
  const { plan } = useAccount();
  if (!known) return { known };
  return plan === null ? null : { known, subscription: plan.subscription };
}

/** What choosing a plan does. Who is not known logs in first, comes back with the choice in the address, and goes on. */
function useChoice(looker: Looker | null, choose: (tier: Tier) => void): (tier: Tier) => void {
  const navigate = useNavigate();
  const [parameters, setParameters] = useSearchParams();
  const taken = useRef(false);
  const choice = parameters.get("subscribe");
  useEffect(() => {
    if (taken.current || choice === null || !isPaid(choice) || looker?.known !== true) return;
    taken.current = true;
    setParameters({}, { replace: true });
    if (["subscribe", "upgrade", "downgrade"].includes(offer(choice, looker))) choose(choice);
  }, [choice, looker, setParameters, choose]);
  return (tier) => {
    if (looker?.known === false) void navigate(loginPath(`/pricing?subscribe=${tier}`));
    else choose(tier);
  };
}
