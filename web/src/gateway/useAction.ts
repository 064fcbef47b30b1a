import { useCallback, useRef, useState } from "react";
import { type AnyVariables, type Client, type TypedDocumentNode, useClient } from "urql";

import { type Failure, failure } from "./failure";

/** A mutation that a person starts. */
export interface Action<Data, Variables> {
  /** Sends it, once at a time; null when it failed, or while it is already under way. */
  run: (variables: Variables) => Promise<Data | null>;
  busy: boolean;
  failure: Failure | null;
}

/** Sends a mutation from a button, never twice at once. */
export function useAction<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  client?: Client,
): Action<Data, Variables> {
  const own = useClient();
  const sender = client ?? own;
  const running = useRef(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Failure | null>(null);
  const run = useCallback(
    async (variables: Variables) => {
      if (running.current) return null;
      running.current = true;
      setBusy(true);
      setFailed(null);
      const { data, error } = await sender.mutation(document, variables).toPromise();
      running.current = false;
      setBusy(false);
      if (error) setFailed(failure(error));
      return error ? null : (data ?? null);
    },
    [sender, document],
  );
  return { run, busy, failure: failed };
}
