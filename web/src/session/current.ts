import { useSyncExternalStore } from "react";

import { type SessionState, Sessions } from "./session";

/** The one of this page. */
export const sessions = new Sessions(window.localStorage);

window.addEventListener("storage", () => {
  sessions.follow();
});

/** Who looks at the page, as it changes. */
export function useSession(): SessionState {
  return useSyncExternalStore(sessions.subscribe, sessions.snapshot);
}
