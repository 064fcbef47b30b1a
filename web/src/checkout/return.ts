/** A checkout that the browser has come back from. The address tells nothing about the payment: only the API does. */
export type Return = { from: "checkout"; id: string } | { from: "canceled checkout" };

/** The page that a checkout is opened from. */
export interface Origin {
  origin: string;
  pathname: string;
  search: string;
}

/** Query parameters that begin a checkout or report one. They are not repeated in the address of the way back. */
const PASSING = ["payment", "checkout", "subscribe", "purchase"];

/**
 * The addresses that Stripe sends the browser back to: the account page with the id of the checkout, which Stripe puts in,
 * and the page that the checkout was opened from. On that page, a chosen number of credits stays chosen.
 */
export function returnUrls(from: Origin, credits: number | null): { successUrl: string; cancelUrl: string } {
  const parameters = without(from.search);
  if (credits !== null && from.pathname === "/credits") parameters.set("credits", String(credits));
  parameters.set("payment", "canceled");
  return {
    successUrl: `${from.origin}/account?payment=success&checkout={CHECKOUT_SESSION_ID}`,
    cancelUrl: `${from.origin}${from.pathname}?${parameters.toString()}`,
  };
}

/** The query of an address without the parameters of a checkout. */
export function without(search: string): URLSearchParams {
  const parameters = new URLSearchParams(search);
  for (const name of PASSING) parameters.delete(name);
  return parameters;
}

/** Reads the query of an address that Stripe sent the browser back to; null for any other. */
export function readReturn(search: string): Return | null {
  const parameters = new URLSearchParams(search);
  switch (parameters.get("payment")) {
    case "success": {
      const id = parameters.get("checkout");
      return id !== null && /^cs_\w{1,250}$/.test(id) ? { from: "checkout", id } : null;
    }
    case "canceled":
      return { from: "canceled checkout" };
    default:
      return null;
  }
}
