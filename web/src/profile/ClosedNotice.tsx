import { useLocation } from "react-router";

import { Notice } from "../style/Notice";
import { text } from "../text/current";

/** Says on the log-in page that the account was closed. */
export function ClosedNotice() {
  const state: unknown = useLocation().state;
  if (typeof state !== "object" || state === null || !("accountClosed" in state)) return null;
  return (
    <Notice look="good">
      <p>{text.profile.closed}</p>
    </Notice>
  );
}
