import { authExchange } from "@urql/exchange-auth";
import type { Client as Socket } from "graphql-ws";
import { Client, type ExecutionResult, cacheExchange, fetchExchange, subscriptionExchange } from "urql";

import type { Sessions } from "../session/session";
import type { Connection } from "./connection";
import { isUnauthenticated } from "./failure";
import { refreshExchange } from "./refresh";

const URL = "/graphql";

/** Sends requests without a token. Logging in uses it, since it must not wait for a log-in. */
export const anonymous = new Client({ url: URL, exchanges: [fetchExchange], preferGetMethod: false });

/**
 * Opens a client that sends the token of the person who is logged in. A request that is refused because the token has
 * expired waits until the person has logged in again, and is then repeated. Queries are repeated when the connection
 * comes back, so that nothing stale stays on a page.
 */
export function openClient(sessions: Sessions, connection: Connection, socket: Socket): Client {
  // Of several requests under way, some may have an older token than others.
  const sent = new Map<number, string>();
  let refused: string | undefined;
  const auth = authExchange((auth) =>
    Promise.resolve({
      addAuthToOperation: (operation) => {
        const { token } = sessions;
        if (token === undefined) return operation;
        sent.set(operation.key, token);
        return auth.appendHeaders(operation, { Authorization: `Bearer ${token}` });
      },
      willAuthError: () => sessions.state.is === "ended",
      didAuthError: (error, operation) => {
        if (!isUnauthenticated(error) || sessions.state.is === "out") return false;
        refused = sent.get(operation.key);
        return true;
      },
      refreshAuth: async () => {
        sessions.refuse(refused);
        await sessions.fresh();
      },
    }),
  );
  const live = subscriptionExchange({
    forwardSubscription: ({ query = "", variables }) => ({
      subscribe: (sink) => {
        // Messages of graphql-ws have the fields of urql's results, under types of their own.
        const next = (result: unknown) => {
          sink.next(result as ExecutionResult);
        };
        return { unsubscribe: socket.subscribe({ query, variables }, { ...sink, next }) };
      },
    }),
  });
  return new Client({
    url: URL,
    exchanges: [refreshExchange(connection), cacheExchange, auth, fetchExchange, live],
    preferGetMethod: false,
  });
}
