import { expect, test } from "vitest";

import { readReturn, returnUrls } from "./return";

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
