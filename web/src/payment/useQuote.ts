import { useQuery } from "urql";

import { type Failure, failure } from "../gateway/failure";
import { CreditQuoteDocument, type QuotePartsFragment } from "../generated/graphql";
import { useDebounced } from "./useDebounced";

/** Milliseconds without typing before the price is requested. */
const PAUSE = 180;

/** The price of a pack; null while it is being requested. */
export interface Quoted {
  quote: QuotePartsFragment | null;
  failure: Failure | null;
  again: () => void;
}

/** Requests the price of a pack. A reply for another number of credits is never shown. */
export function useQuote(credits: number | null): Quoted {
  const settled = useDebounced(credits, PAUSE);
  const [{ data, error }, ask] = useQuery({
    query: CreditQuoteDocument,
    variables: { credits: settled ?? 0 },
    pause: settled === null,
  });
  const quote = data?.creditQuote ?? null;
  return {
    quote: quote?.credits === credits ? quote : null,
    failure: error && settled === credits ? { ...failure(error), again: true } : null,
    again: () => {
      ask({ requestPolicy: "network-only" });
    },
  };
}
