import type { PlanPartsFragment, PlanSubscriptionPartsFragment, Tier } from "../generated/graphql";
import { price } from "../money";
import { rank } from "./tier";

/** What can be done about a plan, by who looks at it. */
export type Offer = "subscribe" | "sign-up" | "current" | "upgrade" | "downgrade" | "scheduled" | "cancel";

/** Who looks: nobody known, or somebody with or without a subscription. */
export type Looker = { known: false } | { known: true; subscription: PlanSubscriptionPartsFragment | null };

/** What a plan offers to who looks at it. */
export function offer(tier: Tier, looker: Looker): Offer {
  if (!looker.known) return tier === "FREE" ? "sign-up" : "subscribe";
  const { subscription } = looker;
  if (subscription === null) return tier === "FREE" ? "current" : "subscribe";
  if (tier === subscription.tier) return "current";
  if (tier === subscription.scheduledTier) return "scheduled";
  if (tier === "FREE") return subscription.cancelAt !== null || subscription.cancelAtPeriodEnd ? "scheduled" : "cancel";
  return rank(tier) > rank(subscription.tier) ? "upgrade" : "downgrade";
}

/** What one credit of a plan costs; null where credits have no price of their own. */
export function perCredit({ price: { amount, currency }, monthlyCredits }: PlanPartsFragment): string | null {
  if (monthlyCredits === null || monthlyCredits === 0) return null;
  return price({ amount: Math.round(amount / monthlyCredits), currency });
}

/** How far a plan's knob is turned up. */
export function share({ monthlyCredits }: PlanPartsFragment): number {
  return monthlyCredits === null ? 1 : Math.min(0.8, Math.sqrt(monthlyCredits) / 12.5);
}

/** The plan with the lowest price for a credit; none when no plan has credits. */
export function cheapest(plans: readonly PlanPartsFragment[]): PlanPartsFragment | undefined {
  const each = ({ price: { amount }, monthlyCredits }: PlanPartsFragment): number =>
    monthlyCredits ? amount / monthlyCredits : Infinity;
  const [best] = [...plans].sort((one, other) => each(one) - each(other));
  return best?.monthlyCredits ? best : undefined;
}
