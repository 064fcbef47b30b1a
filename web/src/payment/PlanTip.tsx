import { Link } from "react-router";
import { useQuery } from "urql";

import { PlansDocument } from "../generated/graphql";
import { cheapest, perCredit } from "../plan/offer";
import { Skeleton } from "../style/Skeleton";

/** Says when a plan would be cheaper than packs. */
export function PlanTip() {
  const [{ data }] = useQuery({ query: PlansDocument });
  const best = data && cheapest(data.plans);
  const endless = data?.plans.find((plan) => plan.unlimited);
  return (
    <aside className="module tip" aria-labelledby="tip-title">
      <p className="label">Tip</p>
      <h2 id="tip-title">More than a few a month?</h2>
      <p className="quiet tip-words">
        {data ? (
          <>
            {best && `With ${best.name} a credit costs ${perCredit(best)}, and ${best.monthlyCredits} come each month.`}{" "}
            {endless && `${endless.name} does not count at all.`}
          </>
        ) : (
          <Skeleton className="tip-skeleton" />
        )}
      </p>
      <p>
        <Link className="button" to="/pricing">
          See the plans
        </Link>
      </p>
    </aside>
  );
}
