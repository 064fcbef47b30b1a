import { Notice } from "../style/Notice";
import { text } from "../text/current";
import { closing } from "./closed";

/** Says on the log-in page that the account was closed. */
export function ClosedNotice() {
  if (!closing.isDone) return null;
  return (
    <Notice look="good">
      <p>{text.profile.closed}</p>
    </Notice>
  );
}
