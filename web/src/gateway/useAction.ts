import { useCallback, useRef, useState } from "react";
import { type AnyVariables, type Client, type TypedDocumentNode, useClient } from "urql";

import { type Failure, failure } from "./failure";

/** Something that a person asks to be done. */
export interface Action<Data, Variables> {
  /** Does it, once at a time; null when it failed, or is being done already. */
  run: (variables: Variables) => Promise<Data | null>;
  busy: boolean;
  failure: Failure | null;
}

/** A mutation behind a button: never sent twice at once, and with what went wrong for people. */
export function useAction<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  asked?: Client,
): Action<Data, Variables> {
  const known = useClient();
  const client = asked ?? known;
  const running = useRef(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Failure | null>(null);
  const run = useCallback(
    async (variables: Variables) => {
      if (running.current) return null;
      running.current = true;
      setBusy(true);
      setFailed(null);
      const { data, error } = await client.mutation(document, variables).toPromise();
      running.current = false;
      setBusy(false);
      if (error) setFailed(failure(error));
      return error ? null : (data ?? null);
    },
    [client, document],
  );
  return { run, busy, failure: failed };
}
