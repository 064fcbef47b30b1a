import { expect, test } from "vitest";

import { readReturn, returnUrls, type Wish } from "./return";

const search = (url: string) => new URL(url).search;

test.each<Wish>([{ tier: "PRO" }, { credits: 40 }])("a checkout says what it was for: %o", (wish) => {
  const { successUrl, cancelUrl } = returnUrls("http://here", wish, 7);
  expect(readReturn(search(successUrl))).toEqual({ is: "success", paid: { wish, after: 7 } });
  expect(readReturn(search(cancelUrl))).toEqual({ is: "canceled" });
});

test("other pages are not come to from a checkout", () => {
  expect(readReturn("")).toBeNull();
  expect(readReturn("?payment=maybe")).toBeNull();
});

test.each(["?payment=success", "?payment=success&tier=FREE&after=x", "?payment=success&credits=-4"])(
  "what %s was for is not known",
  (search) => {
    expect(readReturn(search)).toEqual({ is: "success", paid: { wish: null, after: 0 } });
  },
);
