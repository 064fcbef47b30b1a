import { expect, test } from "vitest";

import type { PlanPartsFragment, PlanSubscriptionPartsFragment, Tier } from "../generated/graphql";
import { cheapest, offer, perCredit } from "./offer";

const PRO: PlanSubscriptionPartsFragment = {
  id: "1",
  tier: "PRO",
  status: "ACTIVE",
  currentPeriodStart: "2026-01-01T00:00:00Z",
  currentPeriodEnd: "2026-02-01T00:00:00Z",
  cancelAtPeriodEnd: false,
  cancelAt: null,
  scheduledTier: null,
  version: 1,
};

const TIERS: Tier[] = ["FREE", "CORE", "PRO", "STUDIO"];

const offers = (subscription: PlanSubscriptionPartsFragment | null) =>
  TIERS.map((tier) => offer(tier, { known: true, subscription }));

test("a visitor may sign up or subscribe", () => {
  const seen = TIERS.map((tier) => offer(tier, { known: false }));
  expect(seen).toEqual(["sign-up", "subscribe", "subscribe", "subscribe"]);
});

test("who has no subscription has the free plan", () => {
  expect(offers(null)).toEqual(["current", "subscribe", "subscribe", "subscribe"]);
});

test("who has one may go up, down and out", () => {
  expect(offers(PRO)).toEqual(["cancel", "downgrade", "current", "upgrade"]);
});

test("what is yet to come is marked", () => {
  expect(offers({ ...PRO, scheduledTier: "CORE" })).toEqual(["cancel", "scheduled", "current", "upgrade"]);
  expect(offers({ ...PRO, cancelAtPeriodEnd: true })).toEqual(["scheduled", "downgrade", "current", "upgrade"]);
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

test("the cheapest credit is found among plans that have some", () => {
  const plans = [plan("FREE", 0, 0), plan("CORE", 499, 25), plan("PRO", 1499, 100), plan("STUDIO", 2999, null)];
  expect(cheapest(plans)?.tier).toBe("PRO");
  expect(cheapest([])).toBeUndefined();
  expect(plans.map(perCredit)).toEqual([null, "$0.20", "$0.15", null]);
});
