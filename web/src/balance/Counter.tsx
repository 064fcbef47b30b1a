import "./counter.css";

import type { BalancePartsFragment } from "../generated/graphql";
import { wheels } from "./wheels";

/** What there is to spend, on wheels that turn when it changes. */
export function Counter({ balance }: { balance: Pick<BalancePartsFragment, "credits" | "unlimited"> }) {
  const spoken = balance.unlimited ? "unlimited" : balance.credits.toLocaleString("en-US");
  return (
    <span className="counter">
      <span className="unseen">{spoken}</span>
      <span className="counter-wheels" aria-hidden="true">
        {balance.unlimited ? <span className="counter-endless">∞</span> : <Wheels credits={balance.credits} />}
      </span>
    </span>
  );
}

function Wheels({ credits }: { credits: number }) {
  return wheels(credits).map(({ place, face }) =>
    typeof face === "string" ? (
      <span key={place}>{face}</span>
    ) : (
      <span key={place} className="wheel">
        <span className="wheel-faces" style={{ transform: `translateY(${face * -10}%)` }}>
          {"0123456789".split("").map((digit) => (
            <span key={digit}>{digit}</span>
          ))}
        </span>
      </span>
    ),
  );
}
