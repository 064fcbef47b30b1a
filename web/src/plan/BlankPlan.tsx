import { Skeleton } from "../style/Skeleton";

/** Stands where a plan will be. */
export function BlankPlan({ tier }: { tier: string }) {
  return (
    <li className={`module plan plan-blank plan-${tier.toLowerCase()}`}>
      <span className="unseen">Loading {tier}</span>
      <Skeleton className="plan-blank-top" />
      <Skeleton className="plan-blank-price" />
      <Skeleton className="plan-blank-credits" />
      <Skeleton className="plan-blank-features" />
      <Skeleton className="plan-skeleton" />
      <div className="plan-jacks" />
    </li>
  );
}
