import { Link } from "react-router";

import { Jack } from "../brand/Jack";
import { Knob } from "../brand/Knob";
import type { PlanPartsFragment } from "../generated/graphql";
import { price } from "../money";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { type Offer, perCredit, share } from "./offer";
import { Patch } from "./Patch";
import { name } from "./tier";

interface PlanModuleProps {
  plan: PlanPartsFragment;
  /** Nothing while it is not known who looks. */
  offer: Offer | null;
  /** Whether its credits are the cheapest. */
  best: boolean;
  busy: boolean;
  selling: boolean;
  onChoose: () => void;
}

/** A plan as a module of the rack. Its rows are in line with those of its neighbours. */
export function PlanModule({ plan, offer, best, busy, selling, onChoose }: PlanModuleProps) {
  const each = perCredit(plan);
  const id = `plan-${plan.tier}`;
  return (
    <li className={`module plan plan-${plan.tier.toLowerCase()}`} aria-labelledby={id}>
      <div className="plan-top">
        <p className="label plan-mark">{mark(offer, best)}</p>
        <div className="module-head">
          <h2 id={id} className="plan-name">
            {plan.name}
          </h2>
          <Knob share={share(plan)} />
        </div>
      </div>
      <p className="plan-price">
        <span className="digits plan-amount">{plan.price.amount === 0 ? "$0" : price(plan.price)}</span>
        <span className="quiet"> a month</span>
      </p>
      <p className="plan-credits">
        <strong>{credits(plan)}</strong>
        <span className="quiet small">{each === null ? "" : `${each} a credit`}</span>
      </p>
      <div>
        {plan.includes && <p className="plan-includes">Everything in {name(plan.includes)}, and</p>}
        <ul className="plan-features">
          {plan.features.map((feature) => (
            <li key={feature.code}>{feature.label}</li>
          ))}
        </ul>
      </div>
      <div className="plan-action">
        {offer === null ? (
          <Skeleton className="plan-skeleton" />
        ) : (
          <Action tier={plan.name} offer={offer} busy={busy} selling={selling} onChoose={onChoose} />
        )}
      </div>
      <div className="plan-jacks">
        <Jack label="In" />
        <Jack label="Out" />
        <Patch from={plan.tier} />
      </div>
    </li>
  );
}

function credits({ unlimited, monthlyCredits }: PlanPartsFragment): string {
  if (unlimited) return "Unlimited exports";
  return monthlyCredits ? `${monthlyCredits} credits a month` : "Credits by the pack";
}

function mark(offer: Offer | null, best: boolean): string {
  if (offer === "current") return "Your plan";
  if (offer === "scheduled") return "Your next plan";
  return best ? "Lowest price per credit" : "";
}

interface ActionProps {
  tier: string;
  offer: Offer;
  busy: boolean;
  selling: boolean;
  onChoose: () => void;
}

function Action({ tier, offer, busy, selling, onChoose }: ActionProps) {
  switch (offer) {
    case "sign-up":
      return (
        <Link className="button button-wide" to="/signup">
          Sign up
        </Link>
      );
    case "current":
    case "scheduled":
    case "cancel":
      return (
        <Link className="button button-quiet button-wide" to="/account">
          {offer === "cancel" ? "Cancel the plan" : "To your account"}
        </Link>
      );
    default:
      return (
        <Button
          look={offer === "downgrade" ? "plain" : "first"}
          wide
          busy={busy}
          disabled={!selling}
          onClick={onChoose}
        >
          {VERBS[offer]} <span className="unseen">to {tier}</span>
        </Button>
      );
  }
}

const VERBS = { subscribe: "Subscribe", upgrade: "Upgrade", downgrade: "Downgrade" };
