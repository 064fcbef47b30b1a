/** A checkout that the browser has come back from. The address tells nothing about the payment: only the API does. */
export type Return = { from: "checkout"; id: string } | { from: "canceled checkout" };

/** The addresses that Stripe sends the browser back to. Stripe puts the id of the checkout into the first. */
export function returnUrls(origin: string): { successUrl: string; cancelUrl: string } {
  return {
    successUrl: `${origin}/account?payment=success&checkout={CHECKOUT_SESSION_ID}`,
    cancelUrl: `${origin}/account?payment=canceled`,
  };
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
