import { useEffect, useState } from "react";

import { useConnection } from "../gateway/current";
import { text } from "../text/current";
import { LED } from "./led";

/** Milliseconds that a connection may be lost before the page shows it. */
const PATIENCE = 1_500;

/** Says that what is shown may be out of date. */
export function ConnectionNotice() {
  const connection = useConnection();
  const lost = useLost(connection === "connecting");
  const message = connection === "offline" ? text.frame.offline : lost ? text.frame.reconnecting : null;
  return (
    <div role="status" className={message === null ? undefined : "connection"}>
      {message !== null && (
        <p className="small">
          <span className={`led ${LED[connection]}`} aria-hidden="true" />
          {message}
        </p>
      )}
    </div>
  );
}

/** Turns true once the connection has been lost for longer than a moment. */
function useLost(connecting: boolean): boolean {
  const [lost, setLost] = useState(false);
  useEffect(() => {
    if (!connecting) return;
    const timer = window.setTimeout(() => {
      setLost(true);
    }, PATIENCE);
    return () => {
      window.clearTimeout(timer);
      setLost(false);
    };
  }, [connecting]);
  return lost;
}
