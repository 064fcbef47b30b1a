import "./export.css";

import { useState } from "react";

import type { Failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { ChargeExportDocument, type ChargeExportMutation } from "../generated/graphql";
import { useExportCost } from "../plan/useExportCost";
import { useSession } from "../session/current";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { ExportAttempts } from "./exportAttempt";
import { PATCHBOOKS } from "./patchbook";
import { Shortfall } from "./Shortfall";
import { Ticket } from "./Ticket";

type Outcome = ChargeExportMutation["chargeExport"];

/** Checks whether the outcome of an attempt is still unknown, so that a retry has to be the same attempt. */
function isUndecided(failure: Failure): boolean {
  return failure.again || failure.code === "LOGGED_OUT";
}

/** Pays for the export of a PatchBook, and shows its ticket for the export service. */
export function ExportModule() {
  const { run, busy, failure } = useAction(ChargeExportDocument);
  const attempts = useAttempts();
  const cost = useExportCost();
  const [runId, setRunId] = useState(() => attempts.open()?.runId ?? PATCHBOOKS[0].runId);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  if (failure !== null && !isUndecided(failure)) attempts.end();
  const charge = async () => {
    setOutcome(null);
    const data = await run({ input: attempts.begin(runId) });
    if (data === null) return;
    attempts.end();
    setOutcome(data.chargeExport);
  };
  return (
    <section className="module export" aria-labelledby="export-title">
      <div className="export-order">
        <h2 id="export-title">{text.exporting.title}</h2>
        <p className="quiet">
          {cost === null ? <Skeleton /> : text.exporting.cost(cost)} {text.exporting.once}
        </p>
        <div className="field">
          <label htmlFor="patchbook">{text.exporting.patchBook}</label>
          <select
            id="patchbook"
            value={runId}
            onChange={(event) => {
              setRunId(event.target.value);
            }}
          >
            {PATCHBOOKS.map(({ runId, name }) => (
              <option key={runId} value={runId}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <Button look="first" busy={busy} onClick={() => void charge()}>
          {text.exporting.submit}
        </Button>
      </div>
      <div className="export-outcome" aria-live="polite">
        <Problem failure={failure} onAgain={() => void charge()} />
        {outcome?.__typename === "ExportCharge" && <Ticket charge={outcome} />}
        {outcome?.__typename === "InsufficientCredits" && <Shortfall outcome={outcome} />}
        {outcome === null && failure === null && (
          <p className="export-empty quiet">{busy ? text.exporting.charging : text.exporting.empty}</p>
        )}
      </div>
    </section>
  );
}

function useAttempts(): ExportAttempts {
  const session = useSession();
  const [attempts] = useState(() => {
    const user = session.is === "out" ? "" : session.session.user.id;
    return new ExportAttempts(window.sessionStorage, user, () => crypto.randomUUID());
  });
  return attempts;
}
