import { useCallback, useState } from "react";

import { useRestored } from "./useRestored";

/** Leads to a page of somebody else. */
export interface Leaving {
  leave: (url: string) => void;
  /** The browser is leaving, so the button that was pressed stays busy. */
  leaving: boolean;
}

/** Leads to a page at Stripe. */
export function useLeaving(): Leaving {
  const [leaving, setLeaving] = useState(false);
  useRestored(
    useCallback(() => {
      setLeaving(false);
    }, []),
  );
  const leave = (url: string): void => {
    setLeaving(true);
    window.location.assign(url);
  };
  return { leave, leaving };
}
