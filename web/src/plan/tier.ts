import type { Tier } from "../generated/graphql";

/** Every tier, from the lowest to the highest. */
export const TIERS: readonly Tier[] = ["FREE", "CORE", "PRO", "STUDIO"];

/** The rank of a tier: each tier includes those below it. */
export function rank(tier: Tier): number {
  return TIERS.indexOf(tier);
}

/** Checks whether a word names a tier that can be subscribed to. */
export function isPaid(word: string): word is Tier {
  return word !== "FREE" && TIERS.some((tier) => tier === word);
}
