import type { ChangeType } from "../generated/graphql";

/** The kinds of changes, for people: one of them, and many. */
export const KINDS: readonly { type: ChangeType; one: string; many: string }[] = [
  { type: "PURCHASE", one: "Purchase", many: "Purchases" },
  { type: "SPEND", one: "Export", many: "Exports" },
  { type: "GRANT", one: "Grant", many: "Grants" },
  { type: "REFUND", one: "Refund", many: "Refunds" },
];

/** The word for one change of this kind. */
export function word(type: ChangeType): string {
  return KINDS.find((kind) => kind.type === type)?.one ?? type;
}

/** Credits added or taken, with their sign. */
export function signed(delta: number): string {
  if (delta === 0) return "0";
  return `${delta > 0 ? "+" : "−"}${Math.abs(delta).toLocaleString("en-US")}`;
}
