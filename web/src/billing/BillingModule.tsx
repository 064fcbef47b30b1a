import "./billing.css";

import { useCallback, useEffect, useRef } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { BillingDocument, type PlanSubscriptionPartsFragment } from "../generated/graphql";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { type Portal, usePortal } from "../subscription/usePortal";
import { format, text } from "../text/current";
import { InvoiceList } from "./InvoiceList";
import { nextCharge } from "./nextCharge";
import { type PaymentMethod, paymentMethodName } from "./paymentMethodName";
import { useInvoices } from "./useInvoices";

/** The plan's price, the next charge, the card, what is open, and all invoices. Without any of these, the module is not there. */
export function BillingModule() {
  const { plan } = useAccount();
  const invoices = useInvoices();
  const subscription = plan?.subscription ?? null;
  const hasPaid = invoices.list === null ? invoices.failure !== null : invoices.list.length > 0;
  if (subscription === null && !hasPaid) return null;
  return (
    <section className="module billing" aria-labelledby="billing-title">
      <h2 id="billing-title">{text.billing.title}</h2>
      <div className="billing-parts">
        <Plan />
        <InvoiceList invoices={invoices} />
      </div>
    </section>
  );
}

function Plan() {
  const { plan } = useAccount();
  if (plan?.subscription) return <Charges subscription={plan.subscription} />;
  return (
    <div className="billing-charges">
      <h3>{text.billing.charges}</h3>
      {plan === null ? <Skeleton className="billing-skeleton" /> : <p className="quiet">{text.billing.noPlan}</p>}
    </div>
  );
}

function Charges({ subscription }: { subscription: PlanSubscriptionPartsFragment }) {
  const [{ data, error, fetching }, ask] = useQuery({ query: BillingDocument, requestPolicy: "cache-and-network" });
  const portal = usePortal();
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  useUpdates(subscription.version, again);
  const method = data?.paymentMethod ?? null;
  const isWaiting = fetching && !data;
  return (
    <div className="billing-charges">
      <h3>{text.billing.charges}</h3>
      <dl className="facts">
        <div>
          <dt>{text.billing.plan}</dt>
          <dd>{planAndPrice(subscription)}</dd>
        </div>
        <Open subscription={subscription} portal={portal} />
        <div>
          <dt>{text.billing.nextCharge}</dt>
          <dd>
            {isWaiting ? (
              <Skeleton className="billing-skeleton" />
            ) : (
              nextCharge(subscription, data?.subscription?.nextCharge)
            )}
          </dd>
        </div>
        <div>
          <dt>{text.billing.method}</dt>
          <dd>
            {isWaiting ? (
              <Skeleton className="billing-skeleton" />
            ) : method === null ? (
              text.billing.noMethod
            ) : (
              paymentMethodName(method)
            )}
            {method !== null && <Expiry method={method} />}
          </dd>
        </div>
      </dl>
      {error && <Problem failure={{ ...failure(error), again: true }} onAgain={again} />}
      <Problem failure={portal.failure} onAgain={() => void portal.open("UPDATE_PAYMENT_METHOD")} />
      <p className="actions">
        <Button busy={portal.busy} onClick={() => void portal.open("UPDATE_PAYMENT_METHOD")}>
          {text.billing.changeMethod}
        </Button>
      </p>
    </div>
  );
}

function Expiry({ method: { expiryMonth, expiryYear } }: { method: PaymentMethod }) {
  if (expiryMonth === null || expiryYear === null) return null;
  return <span className="quiet small billing-note">{text.billing.expires(expiryMonth, expiryYear)}</span>;
}

interface OpenProps {
  subscription: PlanSubscriptionPartsFragment;
  portal: Portal;
}

/**
 * The invoice that waits for its payment, with a way to pay it. A card that pays it there does not become that of the renewals,
 * so the change of the card is offered beside it.
 */
function Open({ subscription: { openInvoice }, portal }: OpenProps) {
  if (openInvoice === null) return null;
  const { amount, dueAt, nextAttemptAt, payUrl, needsConfirmation } = openInvoice;
  return (
    <div className="billing-open">
      <dt>{text.billing.open}</dt>
      <dd>
        {dueAt === null ? format.money(amount) : text.billing.dueSince(amount, dueAt)}
        <span className="quiet small billing-note">
          {needsConfirmation
            ? text.billing.unconfirmed
            : nextAttemptAt === null
              ? text.billing.notRetried
              : text.billing.retried(nextAttemptAt)}
        </span>
        {payUrl !== null && (
          <a className="button button-first" href={payUrl}>
            {needsConfirmation ? text.planChange.confirm : text.billing.payNow}
          </a>
        )}
        {payUrl !== null && !needsConfirmation && (
          <span className="small billing-note">
            {text.billing.keepsMethod}{" "}
            <Button look="quiet" busy={portal.busy} onClick={() => void portal.open("UPDATE_PAYMENT_METHOD")}>
              {text.billing.changeMethod}
            </Button>
          </span>
        )}
      </dd>
    </div>
  );
}

function planAndPrice({ tier, price }: PlanSubscriptionPartsFragment): string {
  const name = text.tiers[tier];
  return price === null ? name : text.billing.priced(name, price);
}

/** Asks again after each change of the subscription. */
function useUpdates(version: number, again: () => void): void {
  const seen = useRef(version);
  useEffect(() => {
    if (seen.current !== version) again();
    seen.current = version;
  }, [version, again]);
}
