import { isPaid } from "../plan/tier";
import { text } from "../text/current";
import { pathAfterLogin } from "./afterLogin";

/** Says what follows after logging in, where a visitor has chosen something to buy before; null for nothing of that kind. */
export function purpose(search: string): string | null {
  const next = new URLSearchParams(new URL(pathAfterLogin(search), "http://here.invalid").search);
  const tier = next.get("subscribe");
  if (tier !== null && isPaid(tier)) return text.session.toSubscribe(text.tiers[tier]);
  const credits = Number(next.get("credits"));
  return next.has("purchase") && Number.isInteger(credits) && credits > 0
    ? text.session.toPurchase(text.credits(credits))
    : null;
}
