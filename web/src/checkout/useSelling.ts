import { useQuery } from "urql";

import { StripeConfigDocument } from "../generated/graphql";

/** Whether anything can be bought here; taken for granted until the gateway says otherwise. */
export function useSelling(): boolean {
  const [{ data }] = useQuery({ query: StripeConfigDocument });
  return data?.stripeConfig.enabled ?? true;
}
