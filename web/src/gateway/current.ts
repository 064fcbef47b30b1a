import { useSyncExternalStore } from "react";

import { Connection, type ConnectionState } from "./connection";

/** The one of this page. */
export const connection = new Connection(window.navigator.onLine);

for (const event of ["online", "offline"]) {
  window.addEventListener(event, () => {
    connection.network(window.navigator.onLine);
  });
}

/** How things stand with the gateway, as it changes. */
export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.snapshot);
}
