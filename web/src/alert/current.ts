import type { Account } from "../account/live";
import type { AlertPartsFragment } from "../generated/graphql";
import { endsAt } from "../subscription/statusSummary";

/** Finds the newest alert that still holds and that the person has not closed. Alerts are listed newest first. */
export function currentAlert(
  alerts: readonly AlertPartsFragment[],
  account: Pick<Account, "balance" | "plan">,
  closed: string | null,
): AlertPartsFragment | null {
  const end = alerts.findIndex(({ id }) => id === closed);
  const open = end === -1 ? alerts : alerts.slice(0, end);
  return open.find((alert) => holds(alert, account)) ?? null;
}

/** Checks that the reason of an alert has not passed: nothing was bought, resumed or paid since. */
function holds(alert: AlertPartsFragment, { balance, plan }: Pick<Account, "balance" | "plan">): boolean {
  const subscription = plan?.subscription ?? null;
  switch (alert.kind) {
    case "LOW_BALANCE":
      return balance !== null && !balance.unlimited && balance.credits - balance.held < (alert.below ?? 0);
    case "EXPIRING_PLAN":
      return subscription !== null && endsAt(subscription) === alert.endsAt;
    case "PAYMENT_FAILED":
      // The failed payment of a pack is over, and stays until it is closed.
      return alert.tier === null || subscription?.status === "PAST_DUE" || subscription?.status === "UNPAID";
  }
}
