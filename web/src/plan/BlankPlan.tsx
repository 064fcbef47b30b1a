import type { Tier } from "../generated/graphql";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";

/** A placeholder in the size of a plan. */
export function BlankPlan({ tier }: { tier: Tier }) {
  return (
    <li className={`module plan plan-blank plan-${tier.toLowerCase()}`}>
      <span className="visually-hidden">{text.plans.loading(text.tiers[tier])}</span>
      <Skeleton className="plan-blank-top" />
      <Skeleton className="plan-blank-price" />
      <Skeleton className="plan-blank-credits" />
      <Skeleton className="plan-blank-features" />
      <Skeleton className="plan-skeleton" />
      <div className="plan-jacks" />
    </li>
  );
}
