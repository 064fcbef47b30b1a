import { Notice } from "../style/Notice";
import { text } from "../text/current";

/** Says that the address of a mailed link has no token. */
export function IncompleteLink() {
  return (
    <Notice look="bad">
      <p>{text.access.linkIncomplete}</p>
    </Notice>
  );
}
