import { expect, test } from "vitest";

import { cleaned, readReturn, returnOf, returnUrls } from "./return";

const from = (pathname: string, search = "") => ({ origin: "http://here", pathname, search });

const search = (url: string) => new URL(url).search;

test("the way back names the checkout, once Stripe has put its id into the address", () => {
  const { successUrl, cancelUrl } = returnUrls(from("/pricing"), null);
  const visited = successUrl.replace("{CHECKOUT_SESSION_ID}", "cs_test_a1B2");
  expect(readReturn(search(visited))).toEqual({ from: "checkout", id: "cs_test_a1B2" });
  expect(readReturn(search(cancelUrl))).toEqual({ from: "canceled checkout" });
});

test.each([
  ["/pricing", "?subscribe=PRO", null, "/pricing?payment=canceled"],
  ["/credits", "?credits=25&purchase=now", 40, "/credits?credits=40&payment=canceled"],
  ["/account", "?page=2&payment=canceled", 25, "/account?page=2&payment=canceled"],
])("a checkout that is left leads back to %s%s", (pathname, search, credits, path) => {
  expect(returnUrls(from(pathname, search), credits).cancelUrl).toBe(`http://here${path}`);
});

test.each([
  "",
  "?payment=maybe",
  "?payment=success",
  "?payment=success&tier=PRO&after=0",
  "?payment=success&checkout=",
  "?payment=success&checkout={CHECKOUT_SESSION_ID}",
  "?payment=success&checkout=pi_1",
  "?payment=success&checkout=cs_1/../2",
])("%j is not the way back from a checkout", (search) => {
  expect(readReturn(search)).toBeNull();
});

test("an address is cleaned once, and its checkout is kept beside it", () => {
  const seen = cleaned("?show=grant&payment=success&checkout=cs_1", null);
  expect(seen).toEqual({ search: "show=grant", state: { returned: { from: "checkout", id: "cs_1" } } });
  expect(returnOf({ search: "?show=grant", state: seen?.state })).toEqual({ from: "checkout", id: "cs_1" });
  expect(cleaned("?show=grant", "cs_1")).toBeNull();
});

test("a checkout that was left is known by the tab that opened it", () => {
  expect(cleaned("?payment=canceled", "cs_2")?.state).toEqual({ returned: { from: "left checkout", id: "cs_2" } });
  expect(cleaned("?payment=canceled", null)?.state).toEqual({ returned: { from: "canceled checkout" } });
  expect(cleaned("?payment=canceled", "odd")?.state).toEqual({ returned: { from: "canceled checkout" } });
});

test("an address that claims a payment without a checkout is cleaned, and claims nothing", () => {
  expect(cleaned("?payment=success&tier=PRO", "cs_2")).toEqual({ search: "tier=PRO", state: null });
});

test.each([
  null,
  undefined,
  "odd",
  {},
  { returned: null },
  { returned: { from: "odd", id: "cs_1" } },
  { returned: { from: "checkout", id: "odd" } },
])("nothing was kept in %j", (state) => {
  expect(returnOf({ search: "", state })).toBeNull();
});
