import { useQuery } from "urql";

import { StripeConfigDocument } from "../generated/graphql";

/** True if payments are enabled, and until the API says otherwise. */
export function useSelling(): boolean {
  const [{ data }] = useQuery({ query: StripeConfigDocument });
  return data?.stripeConfig.enabled ?? true;
}
