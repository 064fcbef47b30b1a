import { useState } from "react";

import { Button } from "../style/Button";
import { format, text } from "../text/current";
import { expiry } from "./expiry";
import { title } from "./patchbook";

interface Charge {
  id: string;
  runId: string;
  credits: number;
  replayed: boolean;
  ticket: string | null;
}

/** Proof that an export is paid. */
export function Ticket({ charge }: { charge: Charge }) {
  const expiresAt = charge.ticket === null ? null : expiry(charge.ticket);
  return (
    <div className="ticket">
      <div className="ticket-main">
        <p className="label">{text.exporting.ticket}</p>
        <p className="ticket-name">{title(charge.runId)}</p>
        <p className="small">{cost(charge)}</p>
        {charge.ticket === null ? (
          <p className="small">{text.exporting.refunded}</p>
        ) : (
          <>
            <code className="ticket-token digits">{charge.ticket}</code>
            <p className="actions small">
              <Copy ticket={charge.ticket} />
              {expiresAt !== null && <span>{text.exporting.validUntil(format.minute(expiresAt))}</span>}
            </p>
          </>
        )}
      </div>
      <p className="ticket-stub">
        <span className="label">{text.exporting.number}</span>
        <span className="digits">{charge.id}</span>
      </p>
    </div>
  );
}

function cost({ credits, replayed }: Charge): string {
  if (credits === 0) return text.exporting.free;
  return replayed ? text.exporting.replayed(credits) : text.exporting.charged(credits);
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
