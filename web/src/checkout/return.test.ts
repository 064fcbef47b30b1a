import { expect, test } from "vitest";

import { type Order, readReturn, returnUrls } from "./return";

const search = (url: string) => new URL(url).search;

test.each<Order>([{ tier: "PRO" }, { credits: 40 }])("the way back names the order %o", (order) => {
  const { successUrl, cancelUrl } = returnUrls("http://here", order, 7);
  expect(readReturn(search(successUrl))).toEqual({ from: "checkout", order, after: 7 });
  expect(readReturn(search(cancelUrl))).toEqual({ from: "canceled checkout" });
});

test.each([
  "",
  "?payment=maybe",
  "?payment=success",
  "?payment=success&tier=FREE&after=0",
  "?payment=success&credits=-4&after=0",
  "?payment=success&credits=40",
  "?payment=success&credits=40&after=x",
])("%j is not the way back from a checkout", (search) => {
  expect(readReturn(search)).toBeNull();
});
