import { expect, test } from "vitest";

import { withoutCharged } from "./reservations";

const entry = (kind: "EXPORT" | "HOLD" | "HOLD_EXTENDED" | "HOLD_RELEASED", holdId: string | null) => ({
  kind,
  holdId,
});

test("a reservation that was charged is one line", () => {
  const charge = entry("EXPORT", "hold_1");
  expect(withoutCharged([charge, entry("HOLD_EXTENDED", "hold_1"), entry("HOLD", "hold_1")])).toEqual([charge]);
});

test("a reservation that is open, was released, or was charged elsewhere stays", () => {
  const entries = [
    entry("HOLD", "hold_3"),
    entry("HOLD_RELEASED", "hold_2"),
    entry("HOLD", "hold_2"),
    entry("EXPORT", null),
    entry("EXPORT", "hold_1"),
  ];
  expect(withoutCharged(entries)).toEqual(entries);
});
