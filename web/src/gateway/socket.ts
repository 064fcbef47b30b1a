import { type Client, createClient } from "graphql-ws";

import type { Sessions } from "../session/session";
import { pause, wait } from "./backoff";
import type { Connection } from "./connection";

/** The close code for a token that has expired or is not valid. */
const FORBIDDEN = 4403;

/** Milliseconds of silence before a ping is sent, and milliseconds to wait for its pong. */
const SILENCE = 10_000;

/** Opens a websocket that reconnects: with a new token after the person logs in again, and as soon as the network is back. */
export function openSocket(sessions: Sessions, connection: Connection): Client {
  let sent: string | undefined;
  let unanswered: number | undefined;
  const socket = createClient({
    // Called before each attempt. Waiting for a token here is free, whereas an open socket must send it within seconds.
    url: async () => {
      // After a log-out there is nothing to connect for: this promise stays pending and is dropped with the client.
      sent = await sessions.fresh().catch(() => new Promise<string>(() => undefined));
      return new URL("/graphql", window.location.href).href.replace(/^http/, "ws");
    },
    connectionParams: () => ({ authorization: `Bearer ${sent ?? ""}` }),
    keepAlive: SILENCE,
    retryAttempts: Infinity,
    shouldRetry: () => sessions.state.is !== "out",
    retryWait: (tries) => wait(pause(tries, Math.random())),
    on: {
      connecting: () => {
        connection.socket("connecting");
      },
      connected: () => {
        connection.socket("live");
      },
      closed: (event) => {
        window.clearTimeout(unanswered);
        connection.socket(sessions.state.is === "out" ? "idle" : "connecting");
        if (event instanceof CloseEvent && event.code === FORBIDDEN) sessions.disconnect(sent);
      },
      ping: (received) => {
        if (received) return;
        unanswered = window.setTimeout(() => {
          socket.terminate();
        }, SILENCE);
      },
      pong: (received) => {
        if (received) window.clearTimeout(unanswered);
      },
    },
  });
  return socket;
}
