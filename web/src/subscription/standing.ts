import type { PlanSubscriptionPartsFragment, SubscriptionStatus } from "../generated/graphql";
import { day } from "../moment";
import { name } from "../plan/tier";

/** Where a subscription stands, for people. */
export interface Standing {
  word: string;
  led: string;
  /** What happens next; null when there is nothing to say. */
  next: string | null;
  /** Something that the person has to do. */
  urgent: string | null;
}

const WORDS: Record<SubscriptionStatus, string> = {
  ACTIVE: "Active",
  TRIALING: "Trial",
  PAST_DUE: "Past due",
  UNPAID: "Unpaid",
  PAUSED: "Paused",
  INCOMPLETE: "Waiting for the first payment",
  INCOMPLETE_EXPIRED: "Never paid",
  CANCELED: "Ended",
};

/** What to tell a person about a subscription. */
export function standing(subscription: PlanSubscriptionPartsFragment): Standing {
  const { status } = subscription;
  const good = status === "ACTIVE" || status === "TRIALING";
  return {
    word:
      subscription.cancelAtPeriodEnd || subscription.cancelAt !== null ? `${WORDS[status]}, ends soon` : WORDS[status],
    led: good ? (endsAt(subscription) === null ? "led-live" : "led-busy") : "led-off",
    next: next(subscription),
    urgent: urgent(status),
  };
}

/** When it will end; null while it renews. */
export function endsAt({
  cancelAt,
  cancelAtPeriodEnd,
  currentPeriodEnd,
}: PlanSubscriptionPartsFragment): string | null {
  return cancelAt ?? (cancelAtPeriodEnd ? currentPeriodEnd : null);
}

function next(subscription: PlanSubscriptionPartsFragment): string | null {
  const end = endsAt(subscription);
  if (end !== null) return `Ends on ${day(end)}. Until then nothing changes.`;
  const renewal = day(subscription.currentPeriodEnd);
  if (subscription.scheduledTier !== null) return `Becomes ${name(subscription.scheduledTier)} on ${renewal}.`;
  if (subscription.status === "ACTIVE" || subscription.status === "TRIALING") return `Renews on ${renewal}.`;
  return null;
}

function urgent(status: SubscriptionStatus): string | null {
  switch (status) {
    case "PAST_DUE":
      return "The last payment failed. It is tried again; with another card it works at once.";
    case "UNPAID":
    case "PAUSED":
      return "The last payment failed. Update your card to go on.";
    case "INCOMPLETE":
      return "The first payment is not complete yet.";
    default:
      return null;
  }
}

/** Whether a change to another plan can be undone: a cancellation or a downgrade that is yet to come. */
export function resumable(subscription: PlanSubscriptionPartsFragment): boolean {
  return endsAt(subscription) !== null || subscription.scheduledTier !== null;
}
