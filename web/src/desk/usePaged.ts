import { useCallback, useEffect, useRef, useState } from "react";
import { type TypedDocumentNode, useQuery } from "urql";

import { type Failure, failure } from "../gateway/failure";

/** A page as the API gives it. */
interface Connection<Node> {
  nodes: readonly Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** A list that is read page by page. */
export interface Paged<Node> {
  /** Undefined until they have been read. */
  nodes: readonly Node[] | undefined;
  busy: boolean;
  failure: Failure | null;
  again: () => void;
  /** Shows the page before; null on the first one. */
  back: (() => void) | null;
  /** Shows the next page; null on the last one. */
  forth: (() => void) | null;
}

/**
 * Reads a list page by page, and again with each revision. A list with other variables needs another key, since cursors
 * belong to one list.
 */
export function usePaged<Data, Variables extends { after?: string | null | undefined }, Node>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, "after">,
  list: (data: Data) => Connection<Node> | null | undefined,
  revision = 0,
): Paged<Node> {
  // The cursors that led to this page, for going back.
  const [cursors, setCursors] = useState<string[]>([]);
  const [{ data, error, fetching, stale }, ask] = useQuery<Data>({
    query,
    variables: { ...variables, after: cursors.at(-1) ?? null },
    requestPolicy: "cache-and-network",
  });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const seen = useRef(revision);
  useEffect(() => {
    if (seen.current !== revision) again();
    seen.current = revision;
  }, [revision, again]);
  const connection = data === undefined ? undefined : list(data);
  const next = connection?.pageInfo.hasNextPage === true ? connection.pageInfo.endCursor : null;
  return {
    nodes: connection?.nodes,
    busy: fetching || stale,
    failure: error ? { ...failure(error), again: true } : null,
    again,
    back:
      cursors.length === 0
        ? null
        : () => {
            setCursors(cursors.slice(0, -1));
          },
    forth:
      next === null
        ? null
        : () => {
            setCursors([...cursors, next]);
          },
  };
}
