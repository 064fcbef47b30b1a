import type { PlanPartsFragment, PlanSubscriptionPartsFragment, Tier } from "../generated/graphql";
import type { Money } from "../text/formats";
import { isPaidFor } from "../subscription/statusSummary";
import { rank } from "./tier";

/** The action that a plan offers to a visitor. */
export type Offer =
  "subscribe" | "sign-up" | "current" | "upgrade" | "later" | "downgrade" | "scheduled" | "cancel" | "unpaid";

/** A visitor of the pages: nobody known, or a person with or without a subscription. */
export type Visitor =
  | { isKnown: false }
  | {
      isKnown: true;
      subscription: PlanSubscriptionPartsFragment | null;
      /** True if some of the money for the current period was returned: an upgrade has to wait for the next one. */
      isReturned: boolean;
    };

/** Decides what a plan offers to a visitor. Plans cannot be changed while a payment is open, so then no change is offered. */
export function offer(tier: Tier, visitor: Visitor): Offer {
  if (!visitor.isKnown) return tier === "FREE" ? "sign-up" : "subscribe";
  const { subscription } = visitor;
  if (subscription === null) return tier === "FREE" ? "current" : "subscribe";
  if (tier === subscription.tier) return "current";
  if (tier === subscription.scheduledTier) return "scheduled";
  if (tier === "FREE") return subscription.cancelAt !== null || subscription.cancelAtPeriodEnd ? "scheduled" : "cancel";
  if (!isPaidFor(subscription)) return "unpaid";
  if (rank(tier) < rank(subscription.tier)) return "downgrade";
  return visitor.isReturned && subscription.status === "ACTIVE" ? "later" : "upgrade";
}

/** The price of one credit of a plan; null for a plan that adds none. */
export function perCredit({ price: { amount, currency }, monthlyCredits }: PlanPartsFragment): Money | null {
  if (monthlyCredits === null || monthlyCredits === 0) return null;
  return { amount: Math.round(amount / monthlyCredits), currency };
}

/** Exports that so many credits are enough for; null while the cost is not known, and where exports are free. */
export function exportsFor(credits: number, exportCost: number | null): number | null {
  return exportCost === null || exportCost === 0 ? null : Math.floor(credits / exportCost);
}

/** The position of a plan's knob, from 0 to 1. */
export function share({ monthlyCredits }: PlanPartsFragment): number {
  return monthlyCredits === null ? 1 : Math.min(0.8, Math.sqrt(monthlyCredits) / 12.5);
}

/** The plan with the lowest price per credit; undefined when no plan adds credits. */
export function cheapest(plans: readonly PlanPartsFragment[]): PlanPartsFragment | undefined {
  const each = ({ price: { amount }, monthlyCredits }: PlanPartsFragment): number =>
    monthlyCredits ? amount / monthlyCredits : Infinity;
  const [best] = [...plans].sort((one, other) => each(one) - each(other));
  return best?.monthlyCredits ? best : undefined;
}
