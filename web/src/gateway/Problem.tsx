import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { text } from "../text/current";
import type { Failure } from "./failure";

/** Shows an error, with a button to try again where that can help. */
export function Problem({ failure, onAgain }: { failure: Failure | null; onAgain?: () => void }) {
  if (failure === null) return null;
  return (
    <Notice look="bad">
      <p>{failure.message}</p>
      {failure.again && onAgain && (
        <p>
          <Button onClick={onAgain}>{text.tryAgain}</Button>
        </p>
      )}
    </Notice>
  );
}
