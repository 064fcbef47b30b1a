import type { AlertPartsFragment } from "../generated/graphql";
import { text } from "../text/current";

/** Says what an alert is about, in one sentence. */
export function alertSummary({ kind, below, available, tier, endsAt, amount }: AlertPartsFragment): string {
  const plan = tier === null ? null : text.tiers[tier];
  switch (kind) {
    case "LOW_BALANCE":
      return text.alerts.lowBalance(available ?? 0, below ?? 0);
    case "EXPIRING_PLAN":
      return text.alerts.expiringPlan(plan ?? "", endsAt ?? "");
    case "PAYMENT_FAILED":
      return plan === null ? text.alerts.packFailed(amount) : text.alerts.planFailed(plan, amount);
  }
}
