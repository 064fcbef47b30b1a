import { Link } from "react-router";

import { useAccount } from "../account/context";
import { NotSelling } from "../checkout/NotSelling";
import { type Checkout, useCheckout } from "../checkout/useCheckout";
import { useSelling } from "../checkout/useSelling";
import { Problem } from "../gateway/Problem";
import { Button } from "../style/Button";
import { useReturnedMoney } from "../subscription/useReturnedMoney";
import { format, text } from "../text/current";
import type { Shortage } from "./useExport";

/** Says how many credits an export needs, and offers packs and plans that provide them. */
export function Shortfall({ outcome }: { outcome: Shortage }) {
  const checkout = useCheckout();
  const selling = useSelling();
  return (
    <div className="shortfall">
      <p>
        <strong>{text.exporting.missing(outcome.shortfall)}</strong>{" "}
        {text.exporting.required(outcome.required, outcome.available)}
      </p>
      {selling ? <Offers outcome={outcome} checkout={checkout} /> : <NotSelling />}
      <Problem failure={checkout.failure} />
    </div>
  );
}

function Offers({ outcome, checkout }: { outcome: Shortage; checkout: Checkout }) {
  const { order, open } = checkout;
  const isSubscribed = useAccount().plan?.subscription != null;
  // An upgrade would be refused in a period whose money was returned.
  const plans = useReturnedMoney() === null ? outcome.plans : [];
  return (
    <ul className="offers">
      {outcome.packs.map((pack) => (
        <li key={pack.credits} className="offer">
          <span className="digits offer-credits">{format.number(pack.credits)}</span>
          <span className="quiet">{text.exporting.oneTime(pack.credits)}</span>
          <Button
            busy={order !== null && "credits" in order && order.credits === pack.credits}
            onClick={() => void open({ credits: pack.credits })}
          >
            {text.exporting.buyFor(pack.amount)}
          </Button>
        </li>
      ))}
      {plans.map(({ tier, price, monthlyCredits }) => (
        <li key={tier} className="offer">
          <span className="digits offer-credits">{monthlyCredits === null ? "∞" : format.number(monthlyCredits)}</span>
          <span className="quiet">{monthlyCredits === null ? text.exporting.unlimited : text.exporting.monthly}</span>
          {isSubscribed ? (
            <Link className="button" to={`/pricing?subscribe=${tier}`}>
              {text.exporting.planFor(text.tiers[tier], price)}
            </Link>
          ) : (
            <Button busy={order !== null && "tier" in order && order.tier === tier} onClick={() => void open({ tier })}>
              {text.exporting.planFor(text.tiers[tier], price)}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
