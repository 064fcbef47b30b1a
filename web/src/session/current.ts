import { useSyncExternalStore } from "react";

import { type SessionState, Sessions } from "./session";

/** The session of this page. */
export const sessions = new Sessions(window.localStorage);

window.addEventListener("storage", () => {
  sessions.follow();
});

/** The state of the session. */
export function useSession(): SessionState {
  return useSyncExternalStore(sessions.subscribe, sessions.snapshot);
}
