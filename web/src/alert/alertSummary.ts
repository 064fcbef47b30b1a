import type { AlertPartsFragment } from "../generated/graphql";
import { text } from "../text/current";

/** Says what an alert is about, in one sentence. The payment of a renewal may still be one that needs a confirmation. */
export function alertSummary(
  { kind, below, available, tier, endsAt, amount }: AlertPartsFragment,
  isUnconfirmed = false,
): string {
  const plan = tier === null ? null : text.tiers[tier];
  switch (kind) {
    case "LOW_BALANCE":
      return text.alerts.lowBalance(available ?? 0, below ?? 0);
    case "EXPIRING_PLAN":
      return text.alerts.expiringPlan(plan ?? "", endsAt ?? "");
    case "PAYMENT_FAILED":
      if (plan === null) return text.alerts.packFailed(amount);
      return isUnconfirmed ? text.alerts.planUnconfirmed(plan, amount) : text.alerts.planFailed(plan, amount);
  }
}
