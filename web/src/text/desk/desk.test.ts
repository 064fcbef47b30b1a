import { expect, test } from "vitest";

import { formats } from "../formats";
import { deskDe } from "./de";
import { deskEn } from "./en";

const en = deskEn(formats("en-US"));
const de = deskDe(formats("de-DE"));

const HELD = { credits: 12, held: 3, available: 9 };
const FREE = { credits: 1, held: 0, available: 1 };

test("a balance says what of it is held", () => {
  expect(en.customer.balanceOf(HELD)).toBe("12 credits (3 held, 9 available)");
  expect(en.customer.balanceOf(FREE)).toBe("1 credit");
  expect(en.find.balance({ ...HELD, unlimited: false })).toBe("12 credits (3 held, 9 available)");
  expect(en.find.balance({ ...HELD, unlimited: true })).toBe("unlimited exports");
  expect(de.customer.balanceOf(HELD)).toBe("12 Credits (3 reserviert, 9 verfügbar)");
});

test("a correction says what can be taken, and what it leads to", () => {
  expect(en.correction.problems.tooMuch(HELD)).toBe(
    "More than is available cannot be taken: the balance is 12 credits (3 held, 9 available).",
  );
  expect(en.correction.change(19, 14)).toBe("19 → 14 credits");
  expect(de.correction.change(19, 1)).toBe("19 → 1 Credit");
});

test("a disputed payment is not refunded as well", () => {
  expect(en.refused.remedies.AWAIT_DISPUTE).toContain("Do not refund it");
  expect(de.refused.remedies.AWAIT_DISPUTE).toContain("Erstatte nichts");
  expect(en.refused.remedies.REFUND_DUPLICATE).toContain("Refund it in another way");
});

test("a replay that fails says why, and one that waits goes on automatically", () => {
  expect(en.events.replayFailed("evt_1", "unknown price")).toBe(
    "evt_1 was replayed and has failed again: unknown price",
  );
  expect(en.events.replayWaits("evt_1", "payment:pi_1")).toContain("is then applied automatically");
  expect(de.events.waitsFor("payment:pi_1")).toContain("automatisch");
});

test("a search without a result names the ids that can be searched", () => {
  for (const { none } of [en.find, de.find]) {
    for (const id of ["user_…", "cus_…", "sub_…", "in_…", "pi_…", "cs_…"]) expect(none).toContain(id);
  }
});
