import { type ReactNode, useEffect, useState } from "react";
import { Provider } from "urql";

import { openClient } from "../gateway/client";
import { connection } from "../gateway/current";
import { openSocket } from "../gateway/socket";
import { sessions } from "../session/current";
import { AccountContext } from "./context";
import { LiveAccount } from "./live";

/**
 * Holds everything that belongs to one person: the client with its cache, the socket and the live account. Its key is
 * that person, so that nothing of one person is ever shown to another.
 */
export function AccountProvider({ isKnown, children }: { isKnown: boolean; children: ReactNode }) {
  const [{ socket, client, account }] = useState(() => {
    const socket = openSocket(sessions, connection);
    const client = openClient(sessions, connection, socket);
    return { socket, client, account: new LiveAccount(client) };
  });

  useEffect(() => {
    if (!isKnown) return;
    const stop = account.follow();
    // Closed at once, rather than when pings stay unanswered.
    const cut = (): void => {
      socket.terminate();
    };
    window.addEventListener("offline", cut);
    return () => {
      window.removeEventListener("offline", cut);
      stop();
    };
  }, [isKnown, account, socket]);

  return (
    <Provider value={client}>
      <AccountContext value={account}>{children}</AccountContext>
    </Provider>
  );
}
