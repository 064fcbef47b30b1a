import { Link } from "react-router";
import { useQuery } from "urql";

import { PlansDocument, type PlansQuery } from "../generated/graphql";
import { cheapest, perCredit } from "../plan/offer";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";

/** Compares packs with plans, which have cheaper credits. */
export function PlanTip() {
  const [{ data }] = useQuery({ query: PlansDocument });
  return (
    <aside className="module tip" aria-labelledby="tip-title">
      <p className="label">{text.packs.tip}</p>
      <h2 id="tip-title">{text.packs.tipTitle}</h2>
      <p className="quiet tip-words">{data ? tip(data) : <Skeleton className="tip-skeleton" />}</p>
      <p>
        <Link className="button" to="/pricing">
          {text.packs.plans}
        </Link>
      </p>
    </aside>
  );
}

function tip({ plans }: PlansQuery): string {
  const best = cheapest(plans);
  const price = best && perCredit(best);
  const unlimited = plans.find((plan) => plan.unlimited);
  const sentences = [
    best && price && text.packs.tipBest(text.tiers[best.tier], price, best.monthlyCredits ?? 0),
    unlimited && text.packs.tipUnlimited(text.tiers[unlimited.tier]),
  ];
  return sentences.filter(Boolean).join(" ");
}
