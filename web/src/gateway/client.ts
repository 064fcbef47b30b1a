import { authExchange } from "@urql/exchange-auth";
import type { Client as Socket } from "graphql-ws";
import { Client, type ExecutionResult, cacheExchange, fetchExchange, subscriptionExchange } from "urql";

import type { Sessions } from "../session/session";
import { isUnauthenticated } from "./failure";

const URL = "/graphql";

/** Asks without a token: for logging in, which must not wait for a log-in. */
export const anonymous = new Client({ url: URL, exchanges: [fetchExchange], preferGetMethod: false });

/**
 * Asks the gateway on behalf of who is logged in. What is refused because the token has ended waits until the person has
 * logged in again, and is then asked once more.
 */
export function openClient(sessions: Sessions, socket: Socket): Client {
  let sent: string | undefined;
  const auth = authExchange((auth) =>
    Promise.resolve({
      addAuthToOperation: (operation) => {
        sent = sessions.token;
        return sent === undefined ? operation : auth.appendHeaders(operation, { Authorization: `Bearer ${sent}` });
      },
      willAuthError: () => sessions.state.is === "ended",
      didAuthError: (error) => isUnauthenticated(error) && sessions.state.is !== "out",
      refreshAuth: async () => {
        sessions.refuse(sent);
        await sessions.fresh();
      },
    }),
  );
  const live = subscriptionExchange({
    forwardSubscription: ({ query = "", variables }) => ({
      subscribe: (sink) => {
        // A message of the protocol is a result in urql's sense, though the two libraries spell it differently.
        const next = (result: unknown) => {
          sink.next(result as ExecutionResult);
        };
        return { unsubscribe: socket.subscribe({ query, variables }, { ...sink, next }) };
      },
    }),
  });
  return new Client({ url: URL, exchanges: [cacheExchange, auth, fetchExchange, live], preferGetMethod: false });
}
