import type { Account } from "../account/live";
import type { BalancePartsFragment } from "../generated/graphql";
import { endsAt } from "../subscription/statusSummary";
import { text } from "../text/current";

/** Says what a balance is enough for, and what of it is held; null until the balance is known. */
export function balanceSummary({ balance, plan }: Pick<Account, "balance" | "plan">): string | null {
  if (balance === null) return null;
  const enough = enoughFor(balance, plan);
  return balance.held === 0 ? enough : `${enough} ${text.balance.held(balance.held)}`;
}

function enoughFor(balance: BalancePartsFragment, plan: Account["plan"]): string {
  const { credits, exportsLeft } = balance;
  if (balance.unlimited) return text.balance.unlimited(unlimitedUntil({ balance, plan }), credits);
  if (credits < 0) return text.balance.negative;
  return exportsLeft === null || exportsLeft === 0 ? text.balance.none : text.balance.enough(exportsLeft);
}

/**
 * When unlimited exports end, as far as that is known to be their end: with a plan that renews there is none, and a plan
 * that ends has one date, without the days of grace that follow it.
 */
function unlimitedUntil({ balance, plan }: Pick<Account, "balance" | "plan">): string | null {
  const subscription = plan?.subscription ?? null;
  return subscription === null ? (balance?.unlimitedUntil ?? null) : endsAt(subscription);
}
