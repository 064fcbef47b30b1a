import type { Tier } from "../generated/graphql";
import { isPaid } from "../plan/tier";

/** The plan or the pack of credits that a checkout is for. */
export type Order = { tier: Tier } | { credits: number };

/** A checkout that the browser has come back from. It tells nothing about the payment: only the API does. */
export type Return =
  | {
      from: "checkout";
      order: Order;
      /** The version of the balance when the person left for the checkout. */
      after: number;
    }
  | { from: "canceled checkout" };

/** The addresses that Stripe sends the browser back to. They name the order, so that any tab can look for its payment. */
export function returnUrls(origin: string, order: Order, after: number): { successUrl: string; cancelUrl: string } {
  const url = (parameters: Record<string, string>): string =>
    `${origin}/account?${new URLSearchParams(parameters).toString()}`;
  const ordered: Record<string, string> =
    "tier" in order ? { tier: order.tier } : { credits: order.credits.toString() };
  return {
    successUrl: url({ payment: "success", ...ordered, after: after.toString() }),
    cancelUrl: url({ payment: "canceled" }),
  };
}

/** Reads the query of an address that Stripe sent the browser back to; null for any other. */
export function readReturn(search: string): Return | null {
  const parameters = new URLSearchParams(search);
  switch (parameters.get("payment")) {
    case "success": {
      const order = readOrder(parameters);
      const after = number(parameters.get("after"));
      return order === null || after === null ? null : { from: "checkout", order, after };
    }
    case "canceled":
      return { from: "canceled checkout" };
    default:
      return null;
  }
}

function readOrder(parameters: URLSearchParams): Order | null {
  const tier = parameters.get("tier");
  if (tier !== null && isPaid(tier)) return { tier };
  const credits = number(parameters.get("credits"));
  return credits === null ? null : { credits };
}

function number(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
