import { useEffect, useRef } from "react";

import { useAccount } from "../account/context";

/** Asks again when the balance is newer than the entries that are shown. */
export function useUpdates(shown: readonly { version: number }[] | undefined, again: () => void): void {
  const version = useAccount().balance?.version ?? 0;
  const requested = useRef(0);
  useEffect(() => {
    if (shown === undefined || version <= Math.max(shown[0]?.version ?? 0, requested.current)) return;
    requested.current = version;
    again();
  }, [shown, version, again]);
}
