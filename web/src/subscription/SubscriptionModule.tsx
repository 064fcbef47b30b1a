import "./subscription.css";

import { useState } from "react";
import { Link } from "react-router";

import { useAccount } from "../account/context";
import { Knob } from "../brand/Knob";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { type PlanSubscriptionPartsFragment, ResumeSubscriptionDocument, type Tier } from "../generated/graphql";
import { day } from "../moment";
import { name, rank } from "../plan/tier";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { Cancellation } from "./Cancellation";
import { endsAt, resumable, standing } from "./standing";
import { type Portal, usePortal } from "./usePortal";

/** The plan that is paid, and what can be done about it. */
export function SubscriptionModule() {
  const { plan } = useAccount();
  return (
    <section className="module subscription" aria-labelledby="subscription-title">
      {plan === null ? (
        <Loading />
      ) : plan.subscription === null ? (
        <Free />
      ) : (
        <Living subscription={plan.subscription} />
      )}
    </section>
  );
}

function Loading() {
  return (
    <>
      <h2 id="subscription-title">Plan</h2>
      <Skeleton className="subscription-skeleton" />
    </>
  );
}

function Free() {
  return (
    <>
      <div className="module-head">
        <h2 id="subscription-title">Plan</h2>
        <span className="label">No subscription</span>
      </div>
      <TierName tier="FREE" />
      <p className="quiet">
        Demo PatchBooks, free patch exports, the community and the module library. A plan brings credits each month.
      </p>
      <p className="actions subscription-actions">
        <Link className="button button-first" to="/pricing">
          See the plans
        </Link>
      </p>
    </>
  );
}

function Living({ subscription }: { subscription: PlanSubscriptionPartsFragment }) {
  const { word, led, next, urgent } = standing(subscription);
  const portal = usePortal();
  return (
    <>
      <div className="module-head">
        <h2 id="subscription-title">Plan</h2>
        <span className="label balance-live">
          <span className={`led ${led}`} aria-hidden="true" />
          {word}
        </span>
      </div>
      <TierName tier={subscription.tier} />
      {urgent !== null && (
        <div className="notice notice-bad" role="alert">
          <span className="led led-off" aria-hidden="true" />
          <p>{urgent}</p>
          <p>
            <Button look="first" busy={portal.busy} onClick={() => void portal.open()}>
              Update card
            </Button>
          </p>
        </div>
      )}
      <dl className="facts">
        <div>
          <dt>This period</dt>
          <dd>
            {day(subscription.currentPeriodStart)} – {day(subscription.currentPeriodEnd)}
          </dd>
        </div>
        {next !== null && (
          <div>
            <dt>What comes next</dt>
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
  const [cancelling, setCancelling] = useState(false);
  const resume = useAction(ResumeSubscriptionDocument);
  const { tier } = subscription;
  return (
    <>
      <Problem failure={resume.failure} onAgain={() => void resume.run({})} />
      <div className="actions subscription-actions">
        {resumable(subscription) && (
          <Button look="first" busy={resume.busy} onClick={() => void resume.run({})}>
            {endsAt(subscription) === null ? `Stay with ${name(tier)}` : `Resume ${name(tier)}`}
          </Button>
        )}
        <Link className="button" to="/pricing">
          Change the plan
        </Link>
        <Button busy={portal.busy} onClick={() => void portal.open()}>
          Cards and invoices
        </Button>
        {endsAt(subscription) === null && (
          <Button
            look="quiet"
            onClick={() => {
              setCancelling(true);
            }}
          >
            Cancel the plan
          </Button>
        )}
      </div>
      {cancelling && (
        <Cancellation
          subscription={subscription}
          onClose={() => {
            setCancelling(false);
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
      <p className="subscription-tier">{name(tier)}</p>
    </div>
  );
}
