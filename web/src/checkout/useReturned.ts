import { useCallback } from "react";
import { useLocation } from "react-router";
import { useQuery } from "urql";

import { type Failure, failure } from "../gateway/failure";
import { type CheckoutPartsFragment, CheckoutStateDocument } from "../generated/graphql";
import { returnOf } from "./return";

/** The checkout that the person has returned from, as the API reports it. */
export interface Returned {
  /** Null until it has been read. */
  checkout: CheckoutPartsFragment | null;
  failure: Failure | null;
  /** Reads it again. */
  again: () => void;
}

/** Reads the checkout that the address names, or named before it was cleaned; without one, nothing is read. */
export function useReturned(): Returned {
  const returned = returnOf(useLocation());
  const id = returned !== null && "id" in returned ? returned.id : "";
  const [{ data, error }, ask] = useQuery({
    query: CheckoutStateDocument,
    variables: { id },
    pause: id === "",
    requestPolicy: "cache-and-network",
  });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const checkout = id === "" ? null : (data?.checkout ?? null);
  return { checkout, failure: error && id !== "" ? failure(error) : null, again };
}
