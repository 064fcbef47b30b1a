import { type Client, createClient } from "graphql-ws";

import type { Sessions } from "../session/session";
import { pause, wait } from "./backoff";
import type { Connection } from "./connection";

/** What the gateway closes a socket with when its token has ended or is not valid. */
const FORBIDDEN = 4403;

/** Milliseconds of silence before the gateway is asked whether it is there, and again before it counts as gone. */
const SILENCE = 10_000;

/** A websocket that comes back by itself: with the fresh token of who logs in again, and as soon as the network is there. */
export function openSocket(sessions: Sessions, connection: Connection): Client {
  let sent: string | undefined;
  let unanswered: number | undefined;
  const socket = createClient({
    // Asked before each try. To wait here costs nothing, whereas an open socket has to introduce itself within seconds.
    url: async () => {
      // Without a session nothing is left to connect for, and what waits here is forgotten with it.
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
        if (event instanceof CloseEvent && event.code === FORBIDDEN) sessions.refuse(sent);
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
