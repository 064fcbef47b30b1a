import type { PlanSubscriptionPartsFragment } from "../generated/graphql";
import { text } from "../text/current";

/** The text that a page shows for the state of a subscription. */
export interface StatusSummary {
  label: string;
  led: string;
  /** The next thing to happen; null when there is none. */
  next: string | null;
  /** Something that the person has to do; null when there is nothing. */
  action: string | null;
}

/** Describes the state of a subscription. */
export function statusSummary(subscription: PlanSubscriptionPartsFragment): StatusSummary {
  const { status } = subscription;
  const ends = endsAt(subscription) !== null;
  const good = isPaidFor(subscription);
  return {
    label: good && ends ? text.subscription.canceled : text.subscription.statuses[status],
    led: good ? (ends ? "led-busy" : "led-live") : "led-off",
    next: next(subscription),
    action: action(subscription),
  };
}

/** Checks that nothing is owed for the current period: it is paid, or a trial. */
export function isPaidFor({ status }: PlanSubscriptionPartsFragment): boolean {
  return status === "ACTIVE" || status === "TRIALING";
}

/** The moment when a subscription ends; null while it renews. */
export function endsAt({
  cancelAt,
  cancelAtPeriodEnd,
  currentPeriodEnd,
}: Pick<PlanSubscriptionPartsFragment, "cancelAt" | "cancelAtPeriodEnd" | "currentPeriodEnd">): string | null {
  return cancelAt ?? (cancelAtPeriodEnd ? currentPeriodEnd : null);
}

function next(subscription: PlanSubscriptionPartsFragment): string | null {
  const end = endsAt(subscription);
  const { scheduledTier, currentPeriodEnd } = subscription;
  if (end !== null) return isPaidFor(subscription) ? text.subscription.ends(end) : text.subscription.endsUnpaid(end);
  if (scheduledTier !== null) return text.subscription.changes(text.tiers[scheduledTier], currentPeriodEnd);
  return isPaidFor(subscription) ? text.subscription.renews(currentPeriodEnd) : null;
}

function action({ status, openInvoice }: PlanSubscriptionPartsFragment): string | null {
  if (openInvoice?.needsConfirmation && (status === "PAST_DUE" || status === "UNPAID")) {
    return text.subscription.unconfirmed;
  }
  switch (status) {
    case "PAST_DUE":
      return text.subscription.pastDue;
    case "UNPAID":
      return text.subscription.unpaid;
    case "PAUSED":
      return text.subscription.paused;
    case "INCOMPLETE":
      return text.subscription.incomplete;
    default:
      return null;
  }
}

/** Checks whether a scheduled end or change of plan can be undone. */
export function isResumable(subscription: PlanSubscriptionPartsFragment): boolean {
  return endsAt(subscription) !== null || subscription.scheduledTier !== null;
}
