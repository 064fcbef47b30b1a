import type { Tier } from "../generated/graphql";

const TIERS: readonly Tier[] = ["FREE", "CORE", "PRO", "STUDIO"];

/** How high a tier is: each includes the ones below. */
export function rank(tier: Tier): number {
  return TIERS.indexOf(tier);
}

/** Whether a word names a tier that can be paid for. */
export function isPaid(word: string): word is Tier {
  return word !== "FREE" && TIERS.some((tier) => tier === word);
}

/** The tier for people. */
export function name(tier: Tier): string {
  return tier.charAt(0) + tier.slice(1).toLowerCase();
}
