import "./subscription.css";

import { useState } from "react";
import { Link } from "react-router";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { Knob } from "../brand/Knob";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import {
  EndedSubscriptionDocument,
  type PlanSubscriptionPartsFragment,
  ResumeSubscriptionDocument,
  type Tier,
} from "../generated/graphql";
import { rank } from "../plan/tier";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { Cancellation } from "./Cancellation";
import { PlanNotices } from "./PlanNotices";
import { endsAt, isPaidFor, isResumable, statusSummary } from "./statusSummary";
import { type Portal, usePortal } from "./usePortal";

/** The subscription, and the actions on it. */
export function SubscriptionModule() {
  const { plan } = useAccount();
  return (
    <section className="module subscription" aria-labelledby="subscription-title">
      {plan === null ? (
        <Loading />
      ) : plan.subscription === null ? (
        <Free />
      ) : (
        <Subscribed subscription={plan.subscription} />
      )}
    </section>
  );
}

function Loading() {
  return (
    <>
      <h2 id="subscription-title">{text.subscription.title}</h2>
      <Skeleton className="subscription-skeleton" />
    </>
  );
}

function Free() {
  const [{ data }] = useQuery({ query: EndedSubscriptionDocument, requestPolicy: "cache-and-network" });
  const ended = data?.endedSubscription ?? null;
  return (
    <>
      <div className="module-head">
        <h2 id="subscription-title">{text.subscription.title}</h2>
        <span className="label">{text.subscription.none}</span>
      </div>
      <TierName tier="FREE" />
      <p className="quiet">
        {ended !== null && text.subscription.ended(text.tiers[ended.tier])} {text.subscription.free}{" "}
        {text.subscription.freeLead}
      </p>
      <p className="actions subscription-actions">
        <Link className="button button-first" to="/pricing">
          {text.subscription.plans}
        </Link>
      </p>
    </>
  );
}

function Subscribed({ subscription }: { subscription: PlanSubscriptionPartsFragment }) {
  const { label, led, next, action } = statusSummary(subscription);
  const portal = usePortal();
  return (
    <>
      <div className="module-head">
        <h2 id="subscription-title">{text.subscription.title}</h2>
        <span className="label balance-live">
          <span className={`led ${led}`} aria-hidden="true" />
          {label}
        </span>
      </div>
      <TierName tier={subscription.tier} />
      <PlanNotices subscription={subscription} action={action} portal={portal} />
      <dl className="facts">
        <div>
          <dt>{isPaidFor(subscription) ? text.subscription.period : text.subscription.unpaidPeriod}</dt>
          <dd>{text.subscription.range(subscription.currentPeriodStart, subscription.currentPeriodEnd)}</dd>
        </div>
        {next !== null && (
          <div>
            <dt>{text.subscription.next}</dt>
            <dd>{next}</dd>
          </div>
        )}
      </dl>
      <Problem failure={portal.failure} onAgain={() => void portal.open()} />
      <Changes subscription={subscription} portal={portal} />
    </>
  );
}

function Changes({ subscription, portal }: { subscription: PlanSubscriptionPartsFragment; portal: Portal }) {
  const [isCanceling, setCanceling] = useState(false);
  const resume = useAction(ResumeSubscriptionDocument);
  const tier = text.tiers[subscription.tier];
  return (
    <>
      <Problem failure={resume.failure} onAgain={() => void resume.run({})} />
      <div className="actions subscription-actions">
        {isResumable(subscription) && (
          <Button look="first" busy={resume.busy} onClick={() => void resume.run({})}>
            {endsAt(subscription) === null ? text.subscription.keep(tier) : text.subscription.resume(tier)}
          </Button>
        )}
        <Link className="button" to="/pricing">
          {text.subscription.change}
        </Link>
        <Button busy={portal.busy} onClick={() => void portal.open()}>
          {text.subscription.billing}
        </Button>
        {endsAt(subscription) === null && (
          <Button
            look="quiet"
            onClick={() => {
              setCanceling(true);
            }}
          >
            {text.subscription.cancel}
          </Button>
        )}
      </div>
      {isCanceling && (
        <Cancellation
          subscription={subscription}
          onClose={() => {
            setCanceling(false);
          }}
        />
      )}
    </>
  );
}

function TierName({ tier }: { tier: Tier }) {
  return (
    <div className="subscription-name">
      <Knob share={rank(tier) / 3} />
      <p className="subscription-tier">{text.tiers[tier]}</p>
    </div>
  );
}
