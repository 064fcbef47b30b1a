import { type Exchange, makeOperation, mapExchange, type Operation } from "urql";

import type { Connection } from "./connection";

/** Repeats every query that is on the page once a lost connection is back. */
export function refreshExchange(connection: Connection): Exchange {
  return (input) => {
    const queries = new Map<number, Operation>();
    onReconnect(connection, () => {
      for (const query of queries.values()) {
        input.client.reexecuteOperation(
          makeOperation("query", query, { ...query.context, requestPolicy: "network-only" }),
        );
      }
    });
    const track = mapExchange({
      onOperation: (operation) => {
        if (operation.kind === "query") queries.set(operation.key, operation);
        else if (operation.kind === "teardown") queries.delete(operation.key);
      },
    });
    return track(input);
  };
}

/** Calls back each time the connection returns after it was lost. Its first opening is no return. */
export function onReconnect(connection: Connection, back: () => void): void {
  let lost = false;
  let state = connection.snapshot();
  connection.subscribe(() => {
    const next = connection.snapshot();
    if (next === "offline" || (state === "live" && next === "connecting")) lost = true;
    state = next;
    if (!lost || (next !== "live" && next !== "idle")) return;
    lost = false;
    back();
  });
}
