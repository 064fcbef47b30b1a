import { useSearchParams } from "react-router";

import type { ChangeType } from "../generated/graphql";

/** The kinds of entries that the history can be reduced to. */
export const TYPES: readonly ChangeType[] = ["PURCHASE", "SPEND", "GRANT", "REFUND", "HOLD", "RELEASE"];

/** The part of the history that is shown: entries of one type or of all, after or before a cursor, or else the newest. */
export interface Place {
  type: ChangeType | null;
  after: string | null;
  before: string | null;
}

/** Reads the place from an address. A type that does not exist shows all. */
export function placeIn(address: URLSearchParams): Place {
  const type = address.get("show")?.toUpperCase();
  const before = address.get("before");
  return {
    type: TYPES.find((one) => one === type) ?? null,
    after: before === null ? address.get("after") : null,
    before,
  };
}

/** The same address with another place. Everything else in it stays. */
export function withPlace(address: URLSearchParams, { type, after, before }: Place): URLSearchParams {
  const next = new URLSearchParams(address);
  const set = (name: string, value: string | null): void => {
    if (value === null) next.delete(name);
    else next.set(name, value);
  };
  set("show", type?.toLowerCase() ?? null);
  set("after", after);
  set("before", before);
  return next;
}

/** The place in the address of the page, so that reloading, going back and sharing a link keep it. */
export function useHistoryPlace(): [Place, (place: Place) => void] {
  const [address, setAddress] = useSearchParams();
  const show = (place: Place): void => {
    setAddress((address) => withPlace(address, place), { preventScrollReset: true });
  };
  return [placeIn(address), show];
}
