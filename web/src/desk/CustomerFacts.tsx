import { format } from "../text/current";
import { Fact } from "./Fact";
import type { DeskSubscriptionFragment, DeskUserQuery } from "./generated/graphql";
import { Id } from "./ListModule";
import { desk } from "./texts";

type User = NonNullable<DeskUserQuery["user"]>;

/** The profile, the balance and the plan of a customer, with the ids that lead to Stripe's dashboard. */
export function CustomerFacts({ user }: { user: User }) {
  const { customer } = desk;
  return (
    <section className="module" aria-labelledby="desk-customer">
      <h2 id="desk-customer">{customer.title}</h2>
      <dl className="facts">
        <Fact name={customer.email}>
          {user.email} ({user.emailVerified ? customer.verified : customer.unverified})
        </Fact>
        <Fact name={customer.id}>
          <Id>{user.id}</Id>
        </Fact>
        <Fact name={customer.role}>{desk.roles[user.role]}</Fact>
        <Fact name={customer.since}>
          <time dateTime={user.createdAt}>{format.day(user.createdAt)}</time>
        </Fact>
        <Fact name={customer.balance}>
          {customer.balanceOf(user.balance)}
          {user.balance.unlimited && (
            <span className="desk-note">{customer.unlimited(user.balance.unlimitedUntil)}</span>
          )}
        </Fact>
        <Fact name={customer.plan}>
          <Plan user={user} />
        </Fact>
        <Fact name={desk.topUps.title}>
          <TopUps user={user} />
        </Fact>
        <Fact name={customer.stripe}>
          {user.stripeCustomerId === null ? customer.none : <Id>{user.stripeCustomerId}</Id>}
        </Fact>
        <Subscription subscription={user.subscription ?? user.endedSubscription} />
      </dl>
    </section>
  );
}

function Plan({ user: { subscription, endedSubscription, closedAt } }: { user: User }) {
  const { customer } = desk;
  if (subscription === null) {
    if (endedSubscription === null) return customer.noPlan;
    // A plan ends with its account, whatever its period.
    if (closedAt !== null) return customer.endedEarly(desk.tiers[endedSubscription.tier]);
    return customer.ended(desk.tiers[endedSubscription.tier], endedSubscription.currentPeriodEnd);
  }
  const { tier, status, currentPeriodStart, currentPeriodEnd, cancelAt, scheduledTier, openInvoice } = subscription;
  return (
    <>
      {desk.tiers[tier]}: {customer.statuses[status]}
      <span className="desk-note">{customer.period(currentPeriodStart, currentPeriodEnd)}</span>
      {cancelAt !== null && <span className="desk-note">{customer.cancelAt(cancelAt)}</span>}
      {scheduledTier !== null && <span className="desk-note">{customer.next(desk.tiers[scheduledTier])}</span>}
      {openInvoice !== null && <span className="desk-note">{customer.open(openInvoice.amount)}</span>}
    </>
  );
}

function TopUps({ user: { autoTopUp } }: { user: User }) {
  const { topUps } = desk;
  if (autoTopUp?.enabled !== true) return topUps.off;
  const { below, credits, monthlyCap, pause } = autoTopUp;
  return (
    <>
      {topUps.on(below, credits, monthlyCap)}
      {pause !== null && <span className="desk-note">{topUps.paused(topUps.reasons[pause.reason], pause.since)}</span>}
    </>
  );
}

function Subscription({ subscription }: { subscription: DeskSubscriptionFragment | null }) {
  if (subscription === null) return null;
  return (
    <Fact name={desk.customer.subscription}>
      <Id>{subscription.stripeSubscriptionId}</Id>
    </Fact>
  );
}
