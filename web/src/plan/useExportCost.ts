import { useQuery } from "urql";

import { PlansDocument } from "../generated/graphql";

/** Credits that an export costs; null until that is known. */
export function useExportCost(): number | null {
  const [{ data }] = useQuery({ query: PlansDocument });
  return data?.exportCost ?? null;
}
