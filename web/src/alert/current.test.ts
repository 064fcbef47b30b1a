import { expect, test } from "vitest";

import type { Account } from "../account/live";
import type { AlertPartsFragment, SubscriptionStatus } from "../generated/graphql";
import { currentAlert } from "./current";

const END = "2026-03-01T00:00:00.000Z";

function alert(id: string, parts: Partial<AlertPartsFragment>): AlertPartsFragment {
  const nothing = { below: null, available: null, tier: null, endsAt: null, amount: null };
  return { id, kind: "LOW_BALANCE", createdAt: END, ...nothing, ...parts };
}

function account(credits: number, more: { held?: number; unlimited?: boolean; status?: SubscriptionStatus } = {}) {
  const { held = 0, unlimited = false, status } = more;
  const subscription = status && { status, cancelAt: null, cancelAtPeriodEnd: true, currentPeriodEnd: END };
  return {
    balance: { credits, held, unlimited },
    plan: { tier: "CORE", subscription: subscription ?? null },
  } as unknown as Pick<Account, "balance" | "plan">;
}

const low = alert("alert_3", { below: 10, available: 9 });
const ends = alert("alert_2", { kind: "EXPIRING_PLAN", tier: "CORE", endsAt: END });
const failed = alert("alert_1", { kind: "PAYMENT_FAILED", tier: "CORE" });

test("low credits are current until enough are available again", () => {
  expect(currentAlert([low], account(9), null)).toBe(low);
  expect(currentAlert([low], account(10), null)).toBeNull();
  expect(currentAlert([low], account(12, { held: 3 }), null)).toBe(low);
  expect(currentAlert([low], account(9, { unlimited: true }), null)).toBeNull();
});

test("an end is current while the plan still ends then", () => {
  expect(currentAlert([ends], account(50, { status: "ACTIVE" }), null)).toBe(ends);
  expect(currentAlert([ends], account(50), null)).toBeNull();
  const other = alert("alert_2", { kind: "EXPIRING_PLAN", endsAt: "2026-02-01T00:00:00.000Z" });
  expect(currentAlert([other], account(50, { status: "ACTIVE" }), null)).toBeNull();
});

test("a failed payment is current until the plan is paid", () => {
  expect(currentAlert([failed], account(50, { status: "PAST_DUE" }), null)).toBe(failed);
  expect(currentAlert([failed], account(50, { status: "ACTIVE" }), null)).toBeNull();
  const pack = alert("alert_1", { kind: "PAYMENT_FAILED" });
  expect(currentAlert([pack], account(50), null)).toBe(pack);
});

test("an alert that was closed is not shown again, nor an older one", () => {
  const all = [low, ends, failed];
  const owing = account(9, { status: "PAST_DUE" });
  expect(currentAlert(all, owing, null)).toBe(low);
  expect(currentAlert(all, owing, "alert_3")).toBeNull();
  expect(currentAlert(all, owing, "alert_2")).toBe(low);
  expect(currentAlert(all, account(50, { status: "PAST_DUE" }), "alert_9")).toBe(ends);
});
