import { useCallback } from "react";
import { useQuery } from "urql";

import { nextCharge } from "../billing/nextCharge";
import { paymentMethodName } from "../billing/paymentMethodName";
import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { Skeleton } from "../style/Skeleton";
import { format, text } from "../text/current";
import { Fact } from "./Fact";
import { type DeskBillingQuery, DeskBillingDocument, type DeskSubscriptionFragment } from "./generated/graphql";

interface BillingFactsProps {
  id: string;
  /** The current subscription; null without one. */
  subscription: DeskSubscriptionFragment | null;
}

type PaymentMethod = NonNullable<DeskBillingQuery["user"]>["paymentMethod"];

/** The next charge, what is open and the payment method of a customer, as the customer's own page has them. */
export function BillingFacts({ id, subscription }: BillingFactsProps) {
  const [{ data, error }, ask] = useQuery({
    query: DeskBillingDocument,
    variables: { id },
    requestPolicy: "cache-and-network",
  });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const user = data?.user ?? null;
  return (
    <section className="module" aria-labelledby="desk-billing">
      <h2 id="desk-billing">{text.billing.title}</h2>
      {user === null && !error && <Skeleton />}
      {user !== null && (
        <dl className="facts">
          {subscription !== null && (
            <>
              <Fact name={text.billing.nextCharge}>{nextCharge(subscription, user.subscription?.nextCharge)}</Fact>
              <Open subscription={subscription} />
            </>
          )}
          <Fact name={text.billing.method}>
            <Method method={user.paymentMethod} />
          </Fact>
        </dl>
      )}
      {error && <Problem failure={{ ...failure(error), again: true }} onAgain={again} />}
    </section>
  );
}

function Open({ subscription: { openInvoice } }: { subscription: DeskSubscriptionFragment }) {
  if (openInvoice === null) return null;
  const { amount, dueAt, nextAttemptAt } = openInvoice;
  return (
    <Fact name={text.billing.open}>
      {dueAt === null ? format.money(amount) : text.billing.dueSince(amount, dueAt)}
      <span className="desk-note">
        {nextAttemptAt === null ? text.billing.notRetried : text.billing.retried(nextAttemptAt)}
      </span>
    </Fact>
  );
}

function Method({ method }: { method: PaymentMethod }) {
  if (method === null) return <>{text.billing.noMethod}</>;
  const { expiryMonth, expiryYear } = method;
  return (
    <>
      {paymentMethodName(method)}
      {expiryMonth !== null && expiryYear !== null && (
        <span className="desk-note">{text.billing.expires(expiryMonth, expiryYear)}</span>
      )}
    </>
  );
}
