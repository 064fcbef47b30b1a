import type { PlanSubscriptionPartsFragment } from "../generated/graphql";
import { endsAt } from "../subscription/statusSummary";
import { text } from "../text/current";
import type { Money } from "../text/formats";

/** A subscription, as far as its next charge is concerned. */
type ChargedSubscription = Pick<
  PlanSubscriptionPartsFragment,
  "cancelAt" | "cancelAtPeriodEnd" | "currentPeriodEnd"
> & {
  openInvoice: object | null;
};

/** Says when how much is charged next, or why nothing is. */
export function nextCharge(
  subscription: ChargedSubscription,
  charge: { amount: Money; at: string } | null | undefined,
): string {
  if (endsAt(subscription) !== null) return text.billing.noneEnding;
  if (charge == null) return subscription.openInvoice === null ? "–" : text.billing.noneUnpaid;
  return charge.amount.amount === 0 ? text.billing.covered(charge.at) : text.billing.charged(charge.amount, charge.at);
}
