import "./credits.css";

import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { useAccount } from "../account/context";
import { NotSelling } from "../checkout/NotSelling";
import { type Checkout, useCheckout } from "../checkout/useCheckout";
import { useSelling } from "../checkout/useSelling";
import { Problem } from "../gateway/Problem";
import type { QuotePartsFragment } from "../generated/graphql";
import { count, price } from "../money";
import { useSession } from "../session/current";
import { loginPath } from "../session/next";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { PlanTip } from "./PlanTip";
import { complaint, credits as read, FEWEST, MOST } from "./quote";
import { useQuote } from "./useQuote";

/** What somebody finds on the fader who has not touched it. */
const USUAL = "50";

/** Credits by the pack. */
export function CreditsPage() {
  const [parameters] = useSearchParams();
  const [typed, setTyped] = useState(parameters.get("credits") ?? USUAL);
  const credits = read(typed);
  const { quote, failure, again } = useQuote(credits);
  const selling = useSelling();
  const checkout = useCheckout();
  const purchase = usePurchase(checkout);
  const problem = complaint(typed);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (credits !== null) purchase(credits);
  };
  return (
    <>
      <title>Buy credits – Patch-Hive</title>
      <div className="page-title">
        <h1>Turn up the credits</h1>
        <p className="lead">A pack does not run out with the month, and needs no plan.</p>
      </div>
      {!selling && <NotSelling />}
      <div className="credits">
        <form className="module credits-order" onSubmit={submit} noValidate>
          <Choice typed={typed} credits={credits} problem={problem} onType={setTyped} />
          <Price quote={quote} waiting={credits !== null && failure === null} />
          <Problem failure={failure} onAgain={again} />
          <Problem failure={checkout.failure} />
          <Button type="submit" look="first" wide busy={checkout.wish !== null} disabled={credits === null || !selling}>
            Purchase
          </Button>
        </form>
        <PlanTip />
      </div>
    </>
  );
}

interface ChoiceProps {
  typed: string;
  credits: number | null;
  problem: string | null;
  onType: (typed: string) => void;
}

function Choice({ typed, credits, problem, onType }: ChoiceProps) {
  return (
    <div className="credits-choice">
      <div className="field">
        <label htmlFor="credits">Credits</label>
        <input
          id="credits"
          className="digits credits-number"
          inputMode="numeric"
          autoComplete="off"
          value={typed}
          aria-invalid={problem !== null}
          aria-describedby="credits-hint"
          onChange={(event) => {
            onType(event.target.value);
          }}
        />
      </div>
      <input
        className="fader"
        type="range"
        aria-label="Credits, by fader"
        min={FEWEST}
        max={MOST}
        value={credits ?? FEWEST}
        onChange={(event) => {
          onType(event.target.value);
        }}
      />
      <p id="credits-hint" className={problem === null ? "quiet small" : "small wrong"}>
        {problem ?? `From ${FEWEST} to ${MOST.toLocaleString("en-US")} credits.`}
      </p>
    </div>
  );
}

/** The display with the price. It keeps its size, whatever it says. */
function Price({ quote, waiting }: { quote: QuotePartsFragment | null; waiting: boolean }) {
  return (
    <div className="screen credits-price" role="status" aria-label="Price">
      <span className="digits credits-amount">
        {quote ? price(quote.amount) : waiting ? <Skeleton className="credits-skeleton" /> : "–"}
      </span>
      <span className="small quiet">{quote ? explain(quote) : " "}</span>
    </div>
  );
}

function explain({ credits, unitPrice, amount, minimumApplied }: QuotePartsFragment): string {
  if (!minimumApplied) return `${count(credits, "credit")} at ${price(unitPrice)} each`;
  const enough = Math.floor(amount.amount / unitPrice.amount);
  return `A pack costs at least ${price(amount)}. That would buy ${enough} credits.`;
}

/** What buying does. Who is not known logs in first, comes back with the number in the address, and goes on. */
function usePurchase(checkout: Checkout): (credits: number) => void {
  const known = useSession().is !== "out";
  const { balance } = useAccount();
  const navigate = useNavigate();
  const [parameters, setParameters] = useSearchParams();
  const taken = useRef(false);
  const credits = parameters.has("purchase") ? read(parameters.get("credits") ?? "") : null;
  const { open } = checkout;
  useEffect(() => {
    // The balance's version goes along, so that the way back knows what is new.
    if (taken.current || credits === null || !known || balance === null) return;
    taken.current = true;
    setParameters({}, { replace: true });
    void open({ credits });
  }, [credits, known, balance, open, setParameters]);
  return (credits) => {
    if (known) void open({ credits });
    else void navigate(loginPath(`/credits?credits=${credits}&purchase=now`));
  };
}
