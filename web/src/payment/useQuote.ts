import { useQuery } from "urql";

import { type Failure, failure } from "../gateway/failure";
import { CreditQuoteDocument, type QuotePartsFragment } from "../generated/graphql";
import { useDebounced } from "./useDebounced";

/** Milliseconds that a number has to stay before its price is asked. */
const PAUSE = 180;

/** What a pack costs; nothing while that is being asked. */
export interface Quoted {
  quote: QuotePartsFragment | null;
  failure: Failure | null;
  again: () => void;
}

/** The price of so many credits. An answer for another number than the present one is never shown. */
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
