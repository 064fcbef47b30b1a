import { type ReactNode, useEffect, useState } from "react";
import { Provider } from "urql";

import { openClient } from "../gateway/client";
import { connection } from "../gateway/current";
import { openSocket } from "../gateway/socket";
import { sessions } from "../session/current";
import { AccountContext } from "./context";
import { LiveAccount } from "./live";

/**
 * Everything that belongs to one person: the client with its cache, the socket, the account. Give it that person as its
 * key: nothing of one is ever shown to another.
 */
export function AccountProvider({ known, children }: { known: boolean; children: ReactNode }) {
  const [{ socket, client, account }] = useState(() => {
    const socket = openSocket(sessions, connection);
    const client = openClient(sessions, socket);
    return { socket, client, account: new LiveAccount(client) };
  });

  useEffect(() => {
    if (!known) return;
    const stop = account.follow();
    // Without waiting for the silence to be noticed.
    const cut = (): void => {
      socket.terminate();
    };
    window.addEventListener("offline", cut);
    return () => {
      window.removeEventListener("offline", cut);
      stop();
    };
  }, [known, account, socket]);

  return (
    <Provider value={client}>
      <AccountContext value={account}>{children}</AccountContext>
    </Provider>
  );
}
