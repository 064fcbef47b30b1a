import { useQuery } from "urql";

import { StripeConfigDocument } from "../generated/graphql";
import { text } from "../text/current";

/** Says whether prices include taxes; null where no taxes are computed, and while that is not known. */
export function useTax(): string | null {
  const [{ data }] = useQuery({ query: StripeConfigDocument });
  const behavior = data?.stripeConfig.taxBehavior ?? null;
  return behavior === null ? null : text.tax[behavior];
}
