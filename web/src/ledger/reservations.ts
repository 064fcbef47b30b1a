import type { EntryPartsFragment } from "../generated/graphql";

type Reservation = Pick<EntryPartsFragment, "kind" | "holdId">;

/** Leaves out the reservations whose charge is in the same list: the charge says it all, and the balance changes with it only. */
export function withoutCharged<Entry extends Reservation>(entries: readonly Entry[]): Entry[] {
  const charged = new Set(entries.filter(({ kind }) => kind === "EXPORT").map(({ holdId }) => holdId));
  const isReserving = ({ kind }: Entry) => kind === "HOLD" || kind === "HOLD_EXTENDED";
  return entries.filter((entry) => !isReserving(entry) || entry.holdId === null || !charged.has(entry.holdId));
}
