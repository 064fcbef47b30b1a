import { expect, test } from "vitest";

import type { Account } from "../account/live";
import type { PaymentStatus, SubscriptionStatus, Tier } from "../generated/graphql";
import { type Evidence, orderState } from "./orderState";

const NOBODY: Account = { balance: null, plan: null };

function account(tier: Tier, status?: SubscriptionStatus): Account {
  const subscription = {
    id: "1",
    tier: "PRO" as const,
    status: status ?? "ACTIVE",
    currentPeriodStart: "2026-01-01T12:00:00Z",
    currentPeriodEnd: "2026-02-01T12:00:00Z",
    cancelAtPeriodEnd: false,
    cancelAt: null,
    scheduledTier: null,
    version: 1,
  };
  return { balance: null, plan: { tier, subscription: status === undefined ? null : subscription } };
}

function evidence(purchase: { version: number; creditsDelta: number } | null, status?: PaymentStatus): Evidence {
  const payments = status === undefined ? [] : [{ id: "1", credits: 40, status }];
  return {
    ledger: { nodes: purchase === null ? [] : [{ id: "1", ...purchase }] },
    payments: { nodes: payments },
  };
}

test("a plan is complete once it is the tier", () => {
  expect(orderState({ tier: "PRO" }, 0, NOBODY)).toBe("confirming");
  expect(orderState({ tier: "PRO" }, 0, account("FREE"))).toBe("confirming");
  expect(orderState({ tier: "PRO" }, 0, account("FREE", "INCOMPLETE"))).toBe("processing");
  expect(orderState({ tier: "CORE" }, 0, account("FREE", "INCOMPLETE"))).toBe("confirming");
  expect(orderState({ tier: "PRO" }, 0, account("PRO", "ACTIVE"))).toBe("complete");
});

test("a pack is complete once its credits are in the ledger", () => {
  const order = { credits: 40 };
  expect(orderState(order, 3, NOBODY)).toBe("confirming");
  expect(orderState(order, 3, NOBODY, evidence({ version: 4, creditsDelta: 40 }))).toBe("complete");
});

test("an earlier purchase, or one of another pack, is not this one", () => {
  const order = { credits: 40 };
  expect(orderState(order, 3, NOBODY, evidence({ version: 3, creditsDelta: 40 }))).toBe("confirming");
  expect(orderState(order, 3, NOBODY, evidence({ version: 4, creditsDelta: 30 }))).toBe("confirming");
});

test("a payment that is under way is reported as such", () => {
  const order = { credits: 40 };
  expect(orderState(order, 3, NOBODY, evidence(null, "PENDING"))).toBe("processing");
  expect(orderState(order, 3, NOBODY, evidence(null, "FAILED"))).toBe("confirming");
  expect(orderState({ credits: 30 }, 3, NOBODY, evidence(null, "PENDING"))).toBe("confirming");
});
