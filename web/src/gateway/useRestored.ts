import { useEffect } from "react";

/** Calls back when the browser's back button restores the page as it was left. The callback must be stable. */
export function useRestored(onRestored: () => void): void {
  useEffect(() => {
    const back = (event: PageTransitionEvent): void => {
      if (event.persisted) onRestored();
    };
    window.addEventListener("pageshow", back);
    return () => {
      window.removeEventListener("pageshow", back);
    };
  }, [onRestored]);
}
