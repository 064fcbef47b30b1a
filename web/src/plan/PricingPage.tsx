import "./pricing.css";

import { useEffect, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { NotSelling } from "../checkout/NotSelling";
import { ReturnNotice } from "../checkout/ReturnNotice";
import { useCheckout } from "../checkout/useCheckout";
import { useSelling } from "../checkout/useSelling";
import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type PlanPartsFragment, PlansDocument, type Tier } from "../generated/graphql";
import { loginPath } from "../session/afterLogin";
import { useSession } from "../session/current";
import { useReturnedMoney } from "../subscription/useReturnedMoney";
import { text } from "../text/current";
import { BlankPlan } from "./BlankPlan";
import { cheapest, offer, type Visitor } from "./offer";
import { PlanChange } from "./PlanChange";
import { PlanModule } from "./PlanModule";
import { isPaid, TIERS } from "./tier";

/** The plans. */
export function PricingPage() {
  const [{ data, error }, ask] = useQuery({ query: PlansDocument });
  const selling = useSelling();
  const visitor = useVisitor();
  const checkout = useCheckout();
  const [changing, setChanging] = useState<Tier | null>(null);
  const choose = useChoice(visitor, (tier) => {
    if (visitor?.isKnown && visitor.subscription !== null) setChanging(tier);
    else void checkout.open({ tier });
  });
  const ordered = checkout.order !== null && "tier" in checkout.order ? checkout.order.tier : null;
  return (
    <>
      <title>{text.title(text.plans.title)}</title>
      <div className="page-title">
        <h1>{text.plans.heading}</h1>
        <p className="lead">{text.plans.lead}</p>
      </div>
      <ReturnNotice />
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
            offer={visitor === null ? null : offer(plan.tier, visitor)}
            periodEnd={visitor?.isKnown ? (visitor.subscription?.currentPeriodEnd ?? null) : null}
            exportCost={data.exportCost}
            best={plan === cheapest(data.plans)}
            busy={ordered === plan.tier}
            selling={selling}
            onChoose={() => {
              choose(plan.tier);
            }}
          />
        ))}
        {!data && !error && TIERS.map((tier) => <BlankPlan key={tier} tier={tier} />)}
      </ul>
      <Change
        visitor={visitor}
        plan={data?.plans.find(({ tier }) => tier === changing)}
        onClose={() => {
          setChanging(null);
        }}
      />
      <div className="module need-more">
        <p>
          <strong>{text.plans.rollOver}</strong> {text.plans.rollOverText}
        </p>
        <p>
          <strong>{text.plans.needMore}</strong> {text.plans.needMoreText}{" "}
          <Link to="/credits">{text.plans.buyCredits}</Link>
        </p>
      </div>
    </>
  );
}

interface ChangeProps {
  visitor: Visitor | null;
  plan: PlanPartsFragment | undefined;
  onClose: () => void;
}

/** The dialog that confirms a change of plan. After the change it opens the account page. */
function Change({ visitor, plan, onClose }: ChangeProps) {
  const navigate = useNavigate();
  if (plan === undefined || !visitor?.isKnown || visitor.subscription === null) return null;
  // The change can be pushed before the reply to the click arrives.
  if (visitor.subscription.tier === plan.tier) return null;
  return (
    <PlanChange
      from={visitor.subscription.tier}
      to={plan}
      onClose={(changed) => {
        onClose();
        if (changed) void navigate("/account");
      }}
    />
  );
}

/** The visitor of the page; null until the subscription is known. */
function useVisitor(): Visitor | null {
  const isKnown = useSession().is !== "out";
  const { plan } = useAccount();
  const isReturned = useReturnedMoney() !== null;
  if (!isKnown) return { isKnown };
  return plan === null ? null : { isKnown, subscription: plan.subscription, isReturned };
}

/** Handles the choice of a plan. An unknown visitor logs in first, and comes back with the choice in the address. */
function useChoice(visitor: Visitor | null, choose: (tier: Tier) => void): (tier: Tier) => void {
  const navigate = useNavigate();
  const [parameters, setParameters] = useSearchParams();
  const taken = useRef(false);
  const choice = parameters.get("subscribe");
  useEffect(() => {
    if (taken.current || choice === null || !isPaid(choice) || visitor?.isKnown !== true) return;
    taken.current = true;
    setParameters({}, { replace: true });
    if (["subscribe", "upgrade", "downgrade"].includes(offer(choice, visitor))) choose(choice);
  }, [choice, visitor, setParameters, choose]);
  return (tier) => {
    if (visitor?.isKnown === false) void navigate(loginPath(`/pricing?subscribe=${tier}`));
    else choose(tier);
  };
}
