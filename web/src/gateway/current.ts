import { useSyncExternalStore } from "react";

import { Connection, type ConnectionState } from "./connection";

/** The connection of this page. */
export const connection = new Connection(window.navigator.onLine);

for (const event of ["online", "offline"]) {
  window.addEventListener(event, () => {
    connection.network(window.navigator.onLine);
  });
}

/** The state of the connection. */
export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.snapshot);
}
