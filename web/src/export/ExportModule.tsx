import "./export.css";

import { useState } from "react";

import type { Failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { ChargeExportDocument, type ChargeExportMutation } from "../generated/graphql";
import { useSession } from "../session/current";
import { Button } from "../style/Button";
import { Intentions } from "./intention";
import { PATCHBOOKS } from "./patchbook";
import { Shortfall } from "./Shortfall";
import { Ticket } from "./Ticket";

type Outcome = ChargeExportMutation["chargeExport"];

/** What says that the gateway has not decided: the same wish may be asked again. */
function isUndecided(failure: Failure): boolean {
  return failure.again || failure.code === "LOGGED_OUT";
}

/** Pays for the export of a PatchBook, and shows the ticket that the export service wants to see. */
export function ExportModule() {
  const { run, busy, failure } = useAction(ChargeExportDocument);
  const intentions = useIntentions();
  const [runId, setRunId] = useState(() => intentions.open()?.runId ?? PATCHBOOKS[0].runId);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  if (failure !== null && !isUndecided(failure)) intentions.end();
  const charge = async () => {
    setOutcome(null);
    const data = await run({ input: intentions.begin(runId) });
    if (data === null) return;
    intentions.end();
    setOutcome(data.chargeExport);
  };
  return (
    <section className="module export" aria-labelledby="export-title">
      <div className="export-order">
        <h2 id="export-title">Export a PatchBook</h2>
        <p className="quiet">
          It costs a few credits, once: if the line breaks, try again, and the same export is not charged again.
        </p>
        <div className="field">
          <label htmlFor="patchbook">PatchBook</label>
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
          Export PatchBook
        </Button>
      </div>
      <div className="export-outcome" aria-live="polite">
        <Problem failure={failure} onAgain={() => void charge()} />
        {outcome?.__typename === "ExportCharge" && <Ticket charge={outcome} />}
        {outcome?.__typename === "InsufficientCredits" && <Shortfall outcome={outcome} />}
        {outcome === null && failure === null && (
          <p className="export-empty quiet">{busy ? "Charging …" : "The ticket of your export appears here."}</p>
        )}
      </div>
    </section>
  );
}

function useIntentions(): Intentions {
  const session = useSession();
  const [intentions] = useState(() => {
    const user = session.is === "out" ? "" : session.session.user.id;
    return new Intentions(window.sessionStorage, user, () => crypto.randomUUID());
  });
  return intentions;
}
