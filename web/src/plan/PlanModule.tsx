import { Link } from "react-router";

import { Jack } from "../brand/Jack";
import { Knob } from "../brand/Knob";
import { useTax } from "../checkout/useTax";
import type { PlanPartsFragment } from "../generated/graphql";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { format, text } from "../text/current";
import { exportsFor, type Offer, perCredit, share } from "./offer";
import { Patch } from "./Patch";

interface PlanModuleProps {
  plan: PlanPartsFragment;
  /** Null until the visitor is known. */
  offer: Offer | null;
  /** The end of the visitor's current period, if there is one. */
  periodEnd: string | null;
  /** Credits that an export costs; null until that is known. */
  exportCost: number | null;
  /** True if its credits are the cheapest. */
  best: boolean;
  busy: boolean;
  selling: boolean;
  onChoose: () => void;
}

/** A plan as a module of the rack. Its rows are aligned with those of its neighbours. */
export function PlanModule({ plan, offer, periodEnd, exportCost, best, busy, selling, onChoose }: PlanModuleProps) {
  const each = perCredit(plan);
  const tax = useTax();
  const id = `plan-${plan.tier}`;
  const exports = exportsFor(plan.monthlyCredits ?? 0, exportCost) ?? 0;
  return (
    <li className={`module plan plan-${plan.tier.toLowerCase()}`} aria-labelledby={id}>
      <div className="plan-top">
        <p className="label plan-mark">{mark(offer, best)}</p>
        <div className="module-head">
          <h2 id={id} className="plan-name">
            {text.tiers[plan.tier]}
          </h2>
          <Knob share={share(plan)} />
        </div>
      </div>
      <p className="plan-price">
        <span className="digits plan-amount">{format.money(plan.price)}</span>
        <span className="quiet"> {text.plans.aMonth}</span>
        {tax !== null && plan.price.amount > 0 && <span className="quiet small">, {tax}</span>}
      </p>
      <p className="plan-credits">
        <strong>{credits(plan)}</strong>
        {exports > 0 && <span className="small">{text.plans.about(exports)}</span>}
        <span className="quiet small">{each === null ? "" : text.plans.each(each)}</span>
      </p>
      <div>
        {plan.includes && <p className="plan-includes">{text.plans.includes(text.tiers[plan.includes])}</p>}
        <ul className="plan-features">
          {plan.features.map(({ code }) => (
            <li key={code}>{text.features[code]}</li>
          ))}
        </ul>
      </div>
      <div className="plan-action">
        {offer === null ? (
          <Skeleton className="plan-skeleton" />
        ) : offer === "later" ? (
          <p className="quiet small">{periodEnd !== null && text.plans.later(periodEnd)}</p>
        ) : (
          <Action tier={text.tiers[plan.tier]} offer={offer} busy={busy} selling={selling} onChoose={onChoose} />
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
  if (unlimited) return text.plans.unlimited;
  return monthlyCredits ? text.plans.monthly(monthlyCredits) : text.plans.noMonthly;
}

function mark(offer: Offer | null, best: boolean): string {
  if (offer === "current") return text.plans.yours;
  if (offer === "scheduled") return text.plans.next;
  return best ? text.plans.best : "";
}

interface ActionProps {
  tier: string;
  offer: Exclude<Offer, "later">;
  busy: boolean;
  selling: boolean;
  onChoose: () => void;
}

function Action({ tier, offer, busy, selling, onChoose }: ActionProps) {
  switch (offer) {
    case "sign-up":
      return (
        <Link className="button button-wide" to="/signup">
          {text.plans.signUp}
        </Link>
      );
    case "current":
    case "scheduled":
    case "cancel":
    case "unpaid":
      return (
        <Link className="button button-quiet button-wide" to="/account">
          {offer === "cancel" ? text.plans.cancel : offer === "unpaid" ? text.plans.unpaid : text.plans.account}
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
          {text.plans.actions[offer]} <span className="visually-hidden">{text.plans.to(tier)}</span>
        </Button>
      );
  }
}
