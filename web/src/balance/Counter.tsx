import "./counter.css";

import type { BalancePartsFragment } from "../generated/graphql";
import { format, text } from "../text/current";
import { wheels } from "./wheels";

/** Characters of a number that fit at full size. */
const LONG = 7;

/** The credits of a balance, on wheels that turn when it changes. */
export function Counter({ balance }: { balance: Pick<BalancePartsFragment, "credits" | "unlimited"> }) {
  const number = format.number(balance.credits);
  return (
    <span className={number.length > LONG ? "counter counter-long" : "counter"}>
      <span className="visually-hidden">{balance.unlimited ? text.balance.unlimitedSpoken : number}</span>
      <span className="counter-wheels" aria-hidden="true">
        {balance.unlimited ? <span className="counter-endless">∞</span> : <Wheels number={number} />}
      </span>
    </span>
  );
}

function Wheels({ number }: { number: string }) {
  return wheels(number).map(({ place, face }) =>
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
