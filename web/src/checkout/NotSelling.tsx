import { Notice } from "../style/Notice";
import { text } from "../text/current";

/** Says that nothing can be bought at the moment. */
export function NotSelling() {
  return (
    <Notice>
      <p>{text.plans.notSelling}</p>
    </Notice>
  );
}
