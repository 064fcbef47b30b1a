import { expect, test } from "vitest";

import type { PlanSubscriptionPartsFragment, SubscriptionStatus } from "../generated/graphql";
import { isPaidFor, isResumable, statusSummary } from "./statusSummary";

const CORE: PlanSubscriptionPartsFragment = {
  id: "1",
  tier: "CORE",
  status: "ACTIVE",
  currentPeriodStart: "2026-01-01T12:00:00Z",
  currentPeriodEnd: "2026-02-01T12:00:00Z",
  cancelAtPeriodEnd: false,
  cancelAt: null,
  scheduledTier: null,
  price: { amount: 499, currency: "USD" },
  openInvoice: null,
  version: 1,
};

test("a paid subscription renews", () => {
  expect(statusSummary(CORE)).toMatchObject({ label: "Active", next: "Renews on February 1, 2026.", action: null });
  expect(isResumable(CORE)).toBe(false);
});

test("a canceled subscription says when it ends and what stays", () => {
  const canceled = { ...CORE, cancelAtPeriodEnd: true, cancelAt: CORE.currentPeriodEnd };
  const { label, next } = statusSummary(canceled);
  expect(label).toBe("Canceled");
  expect(next).toBe("Ends on February 1, 2026. Until then you keep the plan, and afterwards your credits.");
  expect(isResumable(canceled)).toBe(true);
});

test("a canceled subscription that is past due does not claim to keep the plan", () => {
  const { label, next } = statusSummary({ ...CORE, status: "PAST_DUE", cancelAtPeriodEnd: true });
  expect(label).toBe("Past due");
  expect(next).toBe("Ends on February 1, 2026. You keep your credits.");
});

test("a scheduled change of plan is announced", () => {
  const scheduled = { ...CORE, tier: "PRO", scheduledTier: "CORE" } as const;
  expect(statusSummary(scheduled).next).toBe("Changes to Core on February 1, 2026.");
  expect(isResumable(scheduled)).toBe(true);
});

test("a failed payment asks for an action and announces no renewal", () => {
  const { action, next, led } = statusSummary({ ...CORE, status: "PAST_DUE" });
  expect(action).toContain("failed");
  expect(next).toBeNull();
  expect(led).toBe("led-off");
});

test("a payment that the bank wants confirmed is not called failed", () => {
  const openInvoice = {
    amount: { amount: 499, currency: "USD" },
    dueAt: null,
    nextAttemptAt: null,
    payUrl: "https://pay.example/",
    needsConfirmation: true,
  };
  expect(statusSummary({ ...CORE, status: "PAST_DUE", openInvoice }).action).toBe(
    "The payment for the renewal needs your confirmation: your bank requires it.",
  );
  const failed = { ...openInvoice, needsConfirmation: false };
  expect(statusSummary({ ...CORE, status: "PAST_DUE", openInvoice: failed }).action).toContain("failed");
});

test.each<[SubscriptionStatus, boolean]>([
  ["ACTIVE", true],
  ["TRIALING", true],
  ["PAST_DUE", false],
  ["UNPAID", false],
  ["PAUSED", false],
  ["INCOMPLETE", false],
])("whether something is owed while %s: paid is %s", (status, paid) => {
  expect(isPaidFor({ ...CORE, status })).toBe(paid);
});
