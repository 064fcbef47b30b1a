import { useQuery } from "urql";

import { LegalLinksDocument, type LegalLinksQuery } from "../generated/graphql";

/** The links to the legal texts of the server; null until they are known. */
export function useLegalLinks(): LegalLinksQuery["legalLinks"] | null {
  const [{ data }] = useQuery({ query: LegalLinksDocument });
  return data?.legalLinks ?? null;
}
