import { expect, test } from "vitest";

import type { PlanPartsFragment, PlanSubscriptionPartsFragment, Tier } from "../generated/graphql";
import { cheapest, exportsFor, offer, perCredit } from "./offer";

const PRO: PlanSubscriptionPartsFragment = {
  id: "1",
  tier: "PRO",
  status: "ACTIVE",
  currentPeriodStart: "2026-01-01T00:00:00Z",
  currentPeriodEnd: "2026-02-01T00:00:00Z",
  cancelAtPeriodEnd: false,
  cancelAt: null,
  scheduledTier: null,
  price: null,
  openInvoice: null,
  version: 1,
};

const TIERS: Tier[] = ["FREE", "CORE", "PRO", "STUDIO"];

const offers = (subscription: PlanSubscriptionPartsFragment | null, isReturned = false) =>
  TIERS.map((tier) => offer(tier, { isKnown: true, subscription, isReturned }));

test("a visitor can sign up or subscribe", () => {
  const seen = TIERS.map((tier) => offer(tier, { isKnown: false }));
  expect(seen).toEqual(["sign-up", "subscribe", "subscribe", "subscribe"]);
});

test("a person without a subscription has the free plan", () => {
  expect(offers(null)).toEqual(["current", "subscribe", "subscribe", "subscribe"]);
});

test("a subscriber can upgrade, downgrade and cancel", () => {
  expect(offers(PRO)).toEqual(["cancel", "downgrade", "current", "upgrade"]);
});

test("a scheduled plan is marked", () => {
  expect(offers({ ...PRO, scheduledTier: "CORE" })).toEqual(["cancel", "scheduled", "current", "upgrade"]);
  expect(offers({ ...PRO, cancelAtPeriodEnd: true })).toEqual(["scheduled", "downgrade", "current", "upgrade"]);
});

test("no change of plan is offered while a payment is open", () => {
  for (const status of ["PAST_DUE", "UNPAID", "PAUSED", "INCOMPLETE"] as const) {
    expect(offers({ ...PRO, status })).toEqual(["cancel", "unpaid", "current", "unpaid"]);
  }
});

test("no upgrade is offered in a period whose money was returned", () => {
  expect(offers(PRO, true)).toEqual(["cancel", "downgrade", "current", "later"]);
  expect(offers({ ...PRO, status: "TRIALING" }, true)).toEqual(["cancel", "downgrade", "current", "upgrade"]);
});

test("credits are counted in exports, unless exports are free", () => {
  expect(exportsFor(25, 3)).toBe(8);
  expect(exportsFor(25, 0)).toBeNull();
  expect(exportsFor(25, null)).toBeNull();
});

const plan = (tier: Tier, amount: number, monthlyCredits: number | null): PlanPartsFragment => ({
  tier,
  name: tier,
  price: { amount, currency: "USD" },
  monthlyCredits,
  unlimited: monthlyCredits === null,
  features: [],
  includes: null,
});

test("the cheapest credit is found among plans that add some", () => {
  const plans = [plan("FREE", 0, 0), plan("CORE", 499, 25), plan("PRO", 1499, 100), plan("STUDIO", 2999, null)];
  expect(cheapest(plans)?.tier).toBe("PRO");
  expect(cheapest([])).toBeUndefined();
  expect(plans.map(perCredit)).toEqual([null, { amount: 20, currency: "USD" }, { amount: 15, currency: "USD" }, null]);
});
