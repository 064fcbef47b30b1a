import { expect, test } from "vitest";

import type { PlanSubscriptionPartsFragment } from "../generated/graphql";
import { resumable, standing } from "./standing";

const CORE: PlanSubscriptionPartsFragment = {
  id: "1",
  tier: "CORE",
  status: "ACTIVE",
  currentPeriodStart: "2026-01-01T12:00:00Z",
  currentPeriodEnd: "2026-02-01T12:00:00Z",
  cancelAtPeriodEnd: false,
  cancelAt: null,
  scheduledTier: null,
  version: 1,
};

test("a paid subscription renews", () => {
  expect(standing(CORE)).toMatchObject({ word: "Active", next: "Renews on February 1, 2026.", urgent: null });
  expect(resumable(CORE)).toBe(false);
});

test("a cancelled one lasts until its end", () => {
  const cancelled = { ...CORE, cancelAtPeriodEnd: true, cancelAt: CORE.currentPeriodEnd };
  expect(standing(cancelled).next).toBe("Ends on February 1, 2026. Until then nothing changes.");
  expect(resumable(cancelled)).toBe(true);
});

test("a change to come is told", () => {
  const going = { ...CORE, tier: "PRO", scheduledTier: "CORE" } as const;
  expect(standing(going).next).toBe("Becomes Core on February 1, 2026.");
  expect(resumable(going)).toBe(true);
});

test("a failed payment asks for something to be done", () => {
  const { urgent, next, led } = standing({ ...CORE, status: "PAST_DUE" });
  expect(urgent).toContain("failed");
  expect(next).toBeNull();
  expect(led).toBe("led-off");
});
