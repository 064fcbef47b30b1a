/**
 * A checkout that the browser has come back from: by its end, by leaving it, or by leaving one of which the id is not known. The
 * address tells nothing about the payment: only the API does.
 */
export type Return =
  { from: "checkout"; id: string } | { from: "left checkout"; id: string } | { from: "canceled checkout" };

/** The address of a page, with what was kept of it beside. */
export interface Place {
  search: string;
  state: unknown;
}

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
      return isCheckout(id) ? { from: "checkout", id } : null;
    }
    case "canceled":
      return { from: "canceled checkout" };
    default:
      return null;
  }
}

/** The checkout that the browser has come back from: by the address, or as it was kept when the address was cleaned. */
export function returnOf({ search, state }: Place): Return | null {
  return readReturn(search) ?? kept(state);
}

/**
 * The query of an address without a return from a checkout, and the return to keep beside it, so that neither a bookmark nor a
 * shared address repeats it. Null where the address has none. `last` is the checkout that was opened last in this tab.
 */
export function cleaned(
  search: string,
  last: string | null,
): { search: string; state: { returned: Return } | null } | null {
  const parameters = new URLSearchParams(search);
  if (!parameters.has("payment")) return null;
  const returned = readReturn(search);
  for (const name of ["payment", "checkout"]) parameters.delete(name);
  const left = returned?.from === "canceled checkout" && isCheckout(last);
  return {
    search: parameters.toString(),
    state: returned === null ? null : { returned: left ? { from: "left checkout", id: last } : returned },
  };
}

function kept(state: unknown): Return | null {
  if (typeof state !== "object" || state === null || !("returned" in state)) return null;
  const returned = state.returned as Partial<{ from: string; id: string }> | null;
  if (returned?.from === "canceled checkout") return { from: returned.from };
  if (returned?.from !== "checkout" && returned?.from !== "left checkout") return null;
  return isCheckout(returned.id) ? { from: returned.from, id: returned.id } : null;
}

function isCheckout(id: string | null | undefined): id is string {
  return id != null && /^cs_\w{1,250}$/.test(id);
}
