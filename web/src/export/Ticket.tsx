import { useState } from "react";

import { Button } from "../style/Button";
import { format, text } from "../text/current";
import { expiry } from "./expiry";
import { title } from "./patchbook";
import type { Export } from "./useExport";

/** The ticket of an export, with its progress. */
export function Ticket({ current }: { current: Export }) {
  const { hold, stage } = current;
  const expiresAt = hold.ticket === null ? null : expiry(hold.ticket);
  return (
    <div className="ticket">
      <div className="ticket-main">
        <p className="label">{text.exporting.ticket}</p>
        <p className="ticket-name">{title(hold.runId)}</p>
        <p className="small">{progress(current)}</p>
        {hold.ticket !== null && (
          <>
            <code className="ticket-token digits">{hold.ticket}</code>
            <p className="actions small">
              <Copy ticket={hold.ticket} />
              {stage === "running" && expiresAt !== null && (
                <span>{text.exporting.validUntil(format.minute(expiresAt))}</span>
              )}
            </p>
          </>
        )}
      </div>
      <p className="ticket-stub">
        <span className="label">{text.exporting.number}</span>
        <span className="digits">{hold.id}</span>
      </p>
    </div>
  );
}

function progress({ hold, stage, charged }: Export): string {
  if (stage === "running") return text.exporting.running(hold.credits);
  if (stage === "ended") return text.exporting.ended;
  if (charged === 0) return text.exporting.free;
  return stage === "charged" ? text.exporting.charged(charged) : text.exporting.replayed(charged);
}

function Copy({ ticket }: { ticket: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(ticket);
    setCopied(true);
  };
  return (
    <Button onClick={() => void copy().catch(() => undefined)}>
      {copied ? text.exporting.copied : text.exporting.copy}
    </Button>
  );
}
