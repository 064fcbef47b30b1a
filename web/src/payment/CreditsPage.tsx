import "./credits.css";

import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { useAccount } from "../account/context";
import { NotSelling } from "../checkout/NotSelling";
import { ReturnNotice } from "../checkout/ReturnNotice";
import { type Checkout, useCheckout } from "../checkout/useCheckout";
import { useSelling } from "../checkout/useSelling";
import { useTax } from "../checkout/useTax";
import { Problem } from "../gateway/Problem";
import type { QuotePartsFragment } from "../generated/graphql";
import { exportsFor } from "../plan/offer";
import { useExportCost } from "../plan/useExportCost";
import { loginPath } from "../session/afterLogin";
import { useSession } from "../session/current";
import { Button } from "../style/Button";
import { Field } from "../style/Field";
import { Skeleton } from "../style/Skeleton";
import { format, text } from "../text/current";
import { PlanTip } from "./PlanTip";
import { complaint, credits as read, FEWEST, MOST, sliderValue } from "./quote";
import { useQuote } from "./useQuote";

/** The pack that is chosen at first: the largest one at the lowest price. */
const USUAL = "25";

/** The lowest value of the slider: smaller packs cost as much. They can be typed. */
const SLIDER_FEWEST = 25;

/** The page that sells packs of credits. */
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
      <title>{text.title(text.packs.title)}</title>
      <div className="page-title">
        <h1>{text.packs.title}</h1>
        <p className="lead">{text.packs.lead}</p>
      </div>
      <ReturnNotice />
      {!selling && <NotSelling />}
      <div className="credits">
        <form className="module credits-order" onSubmit={submit} noValidate>
          <Choice typed={typed} problem={problem} onType={setTyped} />
          <Price quote={quote} waiting={credits !== null && failure === null} />
          <Problem failure={failure} onAgain={again} />
          <Problem failure={checkout.failure} />
          <Button
            type="submit"
            look="first"
            wide
            busy={checkout.order !== null}
            disabled={credits === null || !selling}
          >
            {text.packs.submit}
          </Button>
        </form>
        <PlanTip />
      </div>
    </>
  );
}

interface ChoiceProps {
  typed: string;
  problem: string | null;
  onType: (typed: string) => void;
}

function Choice({ typed, problem, onType }: ChoiceProps) {
  const smallest = useQuote(FEWEST).quote;
  return (
    <div className="credits-choice">
      <Field
        label={text.packs.label}
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
      <input
        className="fader"
        type="range"
        aria-label={text.packs.slider}
        min={SLIDER_FEWEST}
        max={MOST}
        value={sliderValue(typed, SLIDER_FEWEST)}
        onChange={(event) => {
          onType(event.target.value);
        }}
      />
      <p id="credits-hint" className={problem === null ? "quiet small" : "small wrong"}>
        {problem ?? text.packs.hint(FEWEST, MOST)}
      </p>
      <p className="quiet small credits-fewer">{smallest ? fewer(smallest) : "\u00a0"}</p>
    </div>
  );
}

/** The display of the price. It keeps its size, whatever it shows. */
function Price({ quote, waiting }: { quote: QuotePartsFragment | null; waiting: boolean }) {
  const owed = Math.max(0, -(useAccount().balance?.credits ?? 0));
  const exports = exportsFor(Math.max(0, (quote?.credits ?? 0) - owed), useExportCost());
  const tax = useTax();
  return (
    <div className="screen credits-price" role="status" aria-label={text.packs.price}>
      <span className="digits credits-amount">
        {quote ? format.money(quote.amount) : waiting ? <Skeleton className="credits-skeleton" /> : "–"}
      </span>
      {tax !== null && <span className="small quiet">{tax}</span>}
      <span className="small quiet">{quote ? explain(quote) : "\u00a0"}</span>
      <span className="small quiet">{quote && exports !== null ? text.packs.about(exports) : "\u00a0"}</span>
      {owed > 0 && (
        <span className="small">{quote ? text.packs.offset(owed, quote.credits - owed) : text.packs.owed(owed)}</span>
      )}
    </div>
  );
}

/** Says which packs cost as much as the smallest one. */
function fewer({ unitPrice, amount }: QuotePartsFragment): string {
  return text.packs.fewer(Math.floor(amount.amount / unitPrice.amount), amount);
}

function explain({ credits, unitPrice, amount, minimumApplied }: QuotePartsFragment): string {
  if (!minimumApplied) return text.packs.each(credits, unitPrice);
  return text.packs.minimum(amount, Math.floor(amount.amount / unitPrice.amount));
}

/** Handles a purchase. An unknown visitor logs in first, and comes back with the number in the address. */
function usePurchase(checkout: Checkout): (credits: number) => void {
  const isKnown = useSession().is !== "out";
  const navigate = useNavigate();
  const [parameters, setParameters] = useSearchParams();
  const taken = useRef(false);
  const credits = parameters.has("purchase") ? read(parameters.get("credits") ?? "") : null;
  const { open } = checkout;
  useEffect(() => {
    if (taken.current || credits === null || !isKnown) return;
    taken.current = true;
    setParameters({}, { replace: true });
    void open({ credits });
  }, [credits, isKnown, open, setParameters]);
  return (credits) => {
    if (isKnown) void open({ credits });
    else void navigate(loginPath(`/credits?credits=${credits}&purchase=now`));
  };
}
