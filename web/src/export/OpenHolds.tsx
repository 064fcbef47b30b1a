import { useCallback, useEffect, useRef } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { OpenHoldsDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { format, text } from "../text/current";
import { title } from "./patchbook";
import type { Hold } from "./useExport";

interface OpenHoldsProps {
  /** The hold that is shown already. */
  shown: string | null;
  busy: boolean;
  onFinish: (hold: Hold) => void;
  onRelease: (hold: Hold) => void;
}

/** The exports whose credits are reserved, also by another tab or before a reload: each can be finished or released. */
export function OpenHolds({ shown, busy, onFinish, onRelease }: OpenHoldsProps) {
  const holds = useOpenHolds().filter(({ id }) => id !== shown);
  if (holds.length === 0) return null;
  return (
    <ul className="open-holds" aria-label={text.exporting.open}>
      {holds.map((hold) => (
        <li key={hold.id} className="open-hold">
          <p>
            {title(hold.runId)}{" "}
            <span className="quiet small">
              {hold.expiresAt !== null && text.exporting.reservedUntil(hold.credits, format.minute(hold.expiresAt))}
            </span>
          </p>
          <p className="actions">
            <Button
              busy={busy}
              onClick={() => {
                onFinish(hold);
              }}
            >
              {text.exporting.finish}
            </Button>
            <Button
              look="quiet"
              busy={busy}
              onClick={() => {
                onRelease(hold);
              }}
            >
              {text.exporting.release}
            </Button>
          </p>
        </li>
      ))}
    </ul>
  );
}

/** Reads the open holds, and again after each change of the balance. */
function useOpenHolds() {
  const version = useAccount().balance?.version;
  const [{ data }, ask] = useQuery({ query: OpenHoldsDocument, requestPolicy: "cache-and-network" });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const seen = useRef(version);
  useEffect(() => {
    if (seen.current !== undefined && seen.current !== version) again();
    seen.current = version;
  }, [version, again]);
  return data?.holds.nodes ?? [];
}
