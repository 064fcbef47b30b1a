import type { Failure } from "./failure";

/** Says what went wrong, and offers to try again where that may help. */
export function Problem({ failure, onAgain }: { failure: Failure | null; onAgain?: () => void }) {
  if (failure === null) return null;
  return (
    <div className="notice notice-bad" role="alert">
      <span className="led led-off" aria-hidden="true" />
      <p>{failure.message}</p>
      {failure.again && onAgain && (
        <div>
          <button className="button" type="button" onClick={onAgain}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}
