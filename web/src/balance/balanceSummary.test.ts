import { expect, test } from "vitest";

import type { BalancePartsFragment, PlanSubscriptionPartsFragment } from "../generated/graphql";
import { balanceSummary } from "./balanceSummary";

const BALANCE: BalancePartsFragment = {
  id: "1",
  credits: 25,
  held: 0,
  unlimited: false,
  unlimitedUntil: null,
  exportsLeft: 8,
  version: 1,
  updatedAt: "2026-12-27T12:00:00Z",
};

const STUDIO: PlanSubscriptionPartsFragment = {
  id: "1",
  tier: "STUDIO",
  status: "ACTIVE",
  currentPeriodStart: "2026-12-27T12:00:00Z",
  currentPeriodEnd: "2027-01-27T12:00:00Z",
  cancelAtPeriodEnd: false,
  cancelAt: null,
  scheduledTier: null,
  price: null,
  openInvoice: null,
  version: 1,
};

const unlimited = { ...BALANCE, unlimited: true, unlimitedUntil: "2027-01-30T12:00:00Z", exportsLeft: null };

const summary = (balance: BalancePartsFragment, subscription: PlanSubscriptionPartsFragment | null = null) =>
  balanceSummary({ balance, plan: { tier: subscription?.tier ?? "FREE", subscription } });

test("a balance says how many exports it is enough for", () => {
  expect(summary(BALANCE)).toBe("Enough for 8 exports.");
  expect(summary({ ...BALANCE, credits: 3, exportsLeft: 1 })).toBe("Enough for 1 export.");
  expect(summary({ ...BALANCE, credits: 2, exportsLeft: 0 })).toBe("Not enough credits for an export.");
  expect(summary({ ...BALANCE, credits: -7, exportsLeft: 0 })).toBe(
    "Your balance is below zero, for a reason that the history shows. New credits are offset against that.",
  );
  expect(balanceSummary({ balance: null, plan: null })).toBeNull();
});

test("a balance says what is held, if anything", () => {
  const held = { ...BALANCE, held: 6, exportsLeft: 6 };
  expect(summary(held)).toBe("Enough for 6 exports. 6 credits reserved for exports in progress.");
});

test("a plan that renews has no end of unlimited exports", () => {
  expect(summary(unlimited, STUDIO)).toBe("Exports are unlimited. They do not use your 25 credits.");
});

test("a canceled plan and its unlimited exports end on the same day", () => {
  expect(summary(unlimited, { ...STUDIO, cancelAtPeriodEnd: true })).toContain("until January 27, 2027");
});

test("unlimited exports without a subscription end when the balance says", () => {
  expect(summary(unlimited)).toContain("until January 30, 2027");
});
