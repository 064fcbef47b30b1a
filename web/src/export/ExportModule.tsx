import "./export.css";

import { useState } from "react";

import { Problem } from "../gateway/Problem";
import { useExportCost } from "../plan/useExportCost";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { text } from "../text/current";
import { OpenHolds } from "./OpenHolds";
import { PATCHBOOKS } from "./patchbook";
import { Shortfall } from "./Shortfall";
import { Ticket } from "./Ticket";
import { useExport } from "./useExport";

/** Exports a PatchBook: reserves its credits, plays the export service, and charges it. */
export function ExportModule() {
  const { start, finish, release, busy, failure, shortage, current, first } = useExport();
  const cost = useExportCost();
  const [runId, setRunId] = useState(() => first?.runId ?? PATCHBOOKS[0].runId);
  const submit = () => void start(runId);
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
        <Button look="first" busy={busy} onClick={submit}>
          {text.exporting.submit}
        </Button>
      </div>
      <div className="export-outcome" aria-live="polite">
        <Problem failure={failure} onAgain={submit} />
        {current !== null && <Ticket current={current} />}
        {shortage !== null && <Shortfall outcome={shortage} />}
        {current === null && shortage === null && failure === null && (
          <p className="export-empty quiet">{busy ? text.exporting.reserving : text.exporting.empty}</p>
        )}
        <OpenHolds
          shown={current?.hold.id ?? null}
          busy={busy}
          onFinish={(hold) => void finish(hold)}
          onRelease={(hold) => void release(hold)}
        />
      </div>
    </section>
  );
}
