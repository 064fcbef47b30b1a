import { expect, test } from "vitest";

import { readReturn, returnUrls } from "./return";

const search = (url: string) => new URL(url).search;

test("the way back names the checkout, once Stripe has put its id into the address", () => {
  const { successUrl, cancelUrl } = returnUrls("http://here");
  const visited = successUrl.replace("{CHECKOUT_SESSION_ID}", "cs_test_a1B2");
  expect(readReturn(search(visited))).toEqual({ from: "checkout", id: "cs_test_a1B2" });
  expect(readReturn(search(cancelUrl))).toEqual({ from: "canceled checkout" });
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
