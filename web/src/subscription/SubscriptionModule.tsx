import "./subscription.css";

import { useState } from "react";
import { Link } from "react-router";

import { useAccount } from "../account/context";
import { Knob } from "../brand/Knob";
import type { PlanSubscriptionPartsFragment, Tier } from "../generated/graphql";
import { day } from "../moment";
import { name, rank } from "../plan/tier";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { Cancellation } from "./Cancellation";
import { endsAt, standing } from "./standing";

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
  const [cancelling, setCancelling] = useState(false);
  const { word, led, next, urgent } = standing(subscription);
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
      <p className="actions subscription-actions">
        <Link className="button" to="/pricing">
          Change the plan
        </Link>
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
      </p>
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
