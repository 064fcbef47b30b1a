import { useEffect, useState } from "react";

import { useConnection } from "../gateway/current";
import { LED } from "./led";

/** Milliseconds that a connection may be away before it is worth a word. */
const PATIENCE = 1_500;

/** Says when what is shown may be old. */
export function ConnectionNotice() {
  const connection = useConnection();
  const away = useAway(connection === "connecting");
  const words =
    connection === "offline"
      ? "You are offline. What you see is what was last known; it is brought up to date as soon as you are back."
      : away
        ? "Reconnecting. What you see may be a moment old."
        : null;
  return (
    <div role="status" className={words === null ? undefined : "connection"}>
      {words !== null && (
        <p className="small">
          <span className={`led ${LED[connection]}`} aria-hidden="true" />
          {words}
        </p>
      )}
    </div>
  );
}

/** Whether something has been so for longer than a moment. */
function useAway(connecting: boolean): boolean {
  const [away, setAway] = useState(false);
  useEffect(() => {
    if (!connecting) return;
    const timer = window.setTimeout(() => {
      setAway(true);
    }, PATIENCE);
    return () => {
      window.clearTimeout(timer);
      setAway(false);
    };
  }, [connecting]);
  return away;
}
