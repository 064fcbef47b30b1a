import { expect, test } from "vitest";

import { placeIn, withPlace } from "./place";

test("a place is read from the address that it was written to", () => {
  for (const place of [
    { type: null, after: null, before: null },
    { type: "SPEND", after: "Mw==", before: null },
    { type: null, after: null, before: "Mw==" },
  ] as const) {
    expect(placeIn(withPlace(new URLSearchParams("checkout=cs_1&after=old"), place))).toEqual(place);
  }
});

test("the rest of the address stays", () => {
  const address = withPlace(new URLSearchParams("checkout=cs_1"), { type: "GRANT", after: null, before: null });
  expect(address.toString()).toBe("checkout=cs_1&show=grant");
});

test("a type that does not exist shows all, and only one cursor counts", () => {
  expect(placeIn(new URLSearchParams("show=odd&after=a&before=b"))).toEqual({ type: null, after: null, before: "b" });
});
