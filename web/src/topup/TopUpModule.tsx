import "./topup.css";

import { useState } from "react";
import { useLocation, useNavigate } from "react-router";

import { useAccount } from "../account/context";
import type { TopUps } from "../account/live";
import { paymentMethodName } from "../billing/paymentMethodName";
import { useSelling } from "../checkout/useSelling";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import {
  type AutoTopUpPartsFragment,
  DisableAutoTopUpDocument,
  ResumeAutoTopUpDocument,
  type SavedCardPartsFragment,
} from "../generated/graphql";
import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { format, text } from "../text/current";
import { TopUpForm } from "./TopUpForm";
import { TopUpHistory } from "./TopUpHistory";
import { type CardSetup, useCardSetup } from "./useCardSetup";

/** The switch for automatic top-ups, with the card, the cap and the history. Where nothing is sold, it is not there. */
export function TopUpModule() {
  const { topUps } = useAccount();
  const selling = useSelling();
  if (topUps === null || !selling) return null;
  return (
    <section className="module topup" aria-labelledby="topup-title">
      <h2 id="topup-title">{text.topUps.title}</h2>
      <p>{text.topUps.lead}</p>
      <SavedNotice />
      <div className="topup-columns">
        <div>
          <Body topUps={topUps} />
        </div>
        <div>
          <TopUpHistory latest={topUps.latestTopUp} />
        </div>
      </div>
    </section>
  );
}

function Body({ topUps }: { topUps: TopUps }) {
  const setup = useCardSetup();
  const { autoTopUp, savedCard } = topUps;
  const [isChanging, setChanging] = useState(false);
  if (savedCard === null) {
    return (
      <>
        <Problem failure={setup.failure} />
        <p className="actions">
          <Button look="first" busy={setup.busy} onClick={() => void setup.start()}>
            {text.topUps.saveCard}
          </Button>
        </p>
      </>
    );
  }
  const isOn = autoTopUp?.enabled === true;
  return (
    <>
      {isOn && <PauseNotice topUps={topUps} autoTopUp={autoTopUp} />}
      <Facts autoTopUp={autoTopUp} card={savedCard} />
      {isChanging ? (
        <TopUpForm
          autoTopUp={autoTopUp}
          onClose={() => {
            setChanging(false);
          }}
        />
      ) : (
        <Actions
          isOn={isOn}
          setup={setup}
          onChange={() => {
            setChanging(true);
          }}
        />
      )}
    </>
  );
}

function Facts({ autoTopUp, card }: { autoTopUp: AutoTopUpPartsFragment | null; card: SavedCardPartsFragment }) {
  return (
    <dl className="facts">
      <div>
        <dt>{text.topUps.state}</dt>
        <dd>{state(autoTopUp)}</dd>
      </div>
      {autoTopUp?.enabled === true && (
        <>
          <div>
            <dt>{text.topUps.rule}</dt>
            <dd>{text.topUps.terms(autoTopUp.below, autoTopUp.credits)}</dd>
          </div>
          <div>
            <dt>{text.topUps.thisMonth}</dt>
            <dd>
              {text.topUps.charged(autoTopUp.chargedThisMonth, autoTopUp.monthlyCap)}
              {autoTopUp.notBefore !== null && (
                <span className="quiet small topup-note">{text.topUps.notBefore(autoTopUp.notBefore)}</span>
              )}
            </dd>
          </div>
        </>
      )}
      <div>
        <dt>{text.topUps.card}</dt>
        <dd>
          {paymentMethodName({ kind: "CARD", brand: card.brand, last4: card.last4 })}
          {card.expiryMonth !== null && card.expiryYear !== null && (
            <span className="quiet small topup-note">{text.billing.expires(card.expiryMonth, card.expiryYear)}</span>
          )}
        </dd>
      </div>
    </dl>
  );
}

function state(autoTopUp: AutoTopUpPartsFragment | null): string {
  if (autoTopUp?.enabled !== true) return text.topUps.off;
  return autoTopUp.pause === null ? text.topUps.on : text.topUps.paused;
}

function Actions({ isOn, setup, onChange }: { isOn: boolean; setup: CardSetup; onChange: () => void }) {
  const { run, busy, failure } = useAction(DisableAutoTopUpDocument);
  return (
    <>
      <Problem failure={failure ?? setup.failure} />
      <p className="actions">
        <Button look={isOn ? "plain" : "first"} onClick={onChange}>
          {isOn ? text.topUps.change : text.topUps.enable}
        </Button>
        {isOn && (
          <Button busy={busy} onClick={() => void run({})}>
            {text.topUps.disable}
          </Button>
        )}
        <Button look="quiet" busy={setup.busy} onClick={() => void setup.start()}>
          {text.topUps.otherCard}
        </Button>
      </p>
    </>
  );
}

/** Says why top-ups are paused, with a way to confirm a payment, and to resume. */
function PauseNotice({ topUps, autoTopUp }: { topUps: TopUps; autoTopUp: AutoTopUpPartsFragment }) {
  const { run, busy, failure } = useAction(ResumeAutoTopUpDocument);
  if (autoTopUp.pause === null) return null;
  const { reason, since } = autoTopUp.pause;
  const latest = topUps.latestTopUp;
  const waits = latest?.state === "ACTION_REQUIRED" && latest.invoiceUrl !== null;
  return (
    <Notice look="bad">
      <p>
        <strong>{text.topUps.pausedSince(since)}</strong> {text.topUps.reasons[reason]}
      </p>
      <Problem failure={failure} />
      <p className="actions">
        {waits && latest.invoiceUrl !== null && (
          <a className="button button-first" href={latest.invoiceUrl}>
            {text.topUps.confirm(format.money(latest.amount))}
          </a>
        )}
        <Button busy={busy} onClick={() => void run({})}>
          {text.topUps.resume}
        </Button>
      </p>
    </Notice>
  );
}

/** Shown once after the page on which a card was saved. */
function SavedNotice() {
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  const parameters = new URLSearchParams(search);
  if (parameters.get("card") !== "saved") return null;
  parameters.delete("card");
  return (
    <Notice look="good" onClose={() => void navigate({ pathname, search: parameters.toString() }, { replace: true })}>
      <p>{text.topUps.cardSaved}</p>
    </Notice>
  );
}
