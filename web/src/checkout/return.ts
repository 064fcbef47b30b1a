import type { Tier } from "../generated/graphql";
import { isPaid } from "../plan/tier";

/** What a checkout is for. */
export type Wish = { tier: Tier } | { credits: number };

/** What a checkout that has come back was for, and the balance's version when it was left. */
export interface Paid {
  wish: Wish | null;
  after: number;
}

/** How a checkout came back; null on a page that was not come to from one. */
export type Return = { is: "success"; paid: Paid } | { is: "canceled" } | null;

/** Where Stripe leads back to. It says what to wait for, so that any tab can, and a reload as well. */
export function returnUrls(origin: string, wish: Wish, after: number): { successUrl: string; cancelUrl: string } {
  const url = (parameters: Record<string, string>): string =>
    `${origin}/account?${new URLSearchParams(parameters).toString()}`;
  const what: Record<string, string> = "tier" in wish ? { tier: wish.tier } : { credits: wish.credits.toString() };
  return {
    successUrl: url({ payment: "success", ...what, after: after.toString() }),
    cancelUrl: url({ payment: "canceled" }),
  };
}

/** Reads what Stripe led back to. */
export function readReturn(search: string): Return {
  const parameters = new URLSearchParams(search);
  switch (parameters.get("payment")) {
    case "success":
      return { is: "success", paid: { wish: wish(parameters), after: number(parameters.get("after")) ?? 0 } };
    case "canceled":
      return { is: "canceled" };
    default:
      return null;
  }
}

function wish(parameters: URLSearchParams): Wish | null {
  const tier = parameters.get("tier");
  if (tier !== null && isPaid(tier)) return { tier };
  const credits = number(parameters.get("credits"));
  return credits === null ? null : { credits };
}

function number(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
