import { Link } from "react-router";

import { NotSelling } from "../checkout/NotSelling";
import { useCheckout } from "../checkout/useCheckout";
import { useSelling } from "../checkout/useSelling";
import { Problem } from "../gateway/Problem";
import type { ChargeExportMutation } from "../generated/graphql";
import { useAccount } from "../account/context";
import { count, price } from "../money";
import { Button } from "../style/Button";

type Outcome = Extract<ChargeExportMutation["chargeExport"], { __typename: "InsufficientCredits" }>;

/** Says what lacks for an export, and offers what would mend it. */
export function Shortfall({ outcome }: { outcome: Outcome }) {
  const checkout = useCheckout();
  const selling = useSelling();
  const subscribed = useAccount().plan?.subscription != null;
  const { wish } = checkout;
  return (
    <div className="shortfall">
      <p>
        <strong>{count(outcome.shortfall, "credit")} short.</strong> It takes {outcome.required}, and you have{" "}
        {outcome.available.toLocaleString("en-US")}.
      </p>
      {!selling && <NotSelling />}
      {selling && (
        <ul className="offers">
          {outcome.packs.map((pack) => (
            <li key={pack.credits} className="offer">
              <span className="digits offer-credits">{pack.credits}</span>
              <span className="quiet">{pack.credits === 1 ? "credit" : "credits"}, once</span>
              <Button
                busy={wish !== null && "credits" in wish && wish.credits === pack.credits}
                onClick={() => void checkout.open({ credits: pack.credits })}
              >
                Buy for {price(pack.amount)}
              </Button>
            </li>
          ))}
          {outcome.plans.map((plan) => (
            <li key={plan.tier} className="offer">
              <span className="digits offer-credits">{plan.monthlyCredits ?? "∞"}</span>
              <span className="quiet">{plan.unlimited ? "exports without end" : "credits a month"}</span>
              {subscribed ? (
                <Link className="button" to={`/pricing?subscribe=${plan.tier}`}>
                  {plan.name}, {price(plan.price)} a month
                </Link>
              ) : (
                <Button
                  busy={wish !== null && "tier" in wish && wish.tier === plan.tier}
                  onClick={() => void checkout.open({ tier: plan.tier })}
                >
                  {plan.name}, {price(plan.price)} a month
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <Problem failure={checkout.failure} />
    </div>
  );
}
