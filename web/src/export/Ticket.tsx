import { useState } from "react";

import { minute } from "../moment";
import { count } from "../money";
import { Button } from "../style/Button";
import { title } from "./patchbook";
import { expiry } from "./expiry";

interface TicketProps {
  charge: { id: string; runId: string; credits: number; replayed: boolean; ticket: string | null };
}

/** Proof that an export is paid. */
export function Ticket({ charge }: TicketProps) {
  const ends = charge.ticket === null ? null : expiry(charge.ticket);
  return (
    <div className="ticket">
      <div className="ticket-main">
        <p className="label">Export ticket</p>
        <p className="ticket-name">{title(charge.runId)}</p>
        <p className="small">
          {charge.credits === 0 ? "Unlimited: no credits taken" : `${count(charge.credits, "credit")} taken`}
          {charge.replayed && ", once: it had been charged before"}
        </p>
        {charge.ticket === null ? (
          <p className="small">The credits of this export were given back.</p>
        ) : (
          <>
            <code className="ticket-token digits">{charge.ticket}</code>
            <p className="actions small">
              <Copy text={charge.ticket} />
              {ends !== null && <span>Valid until {minute(ends)}</span>}
            </p>
          </>
        )}
      </div>
      <p className="ticket-stub">
        <span className="label">No.</span>
        <span className="digits">{charge.id}</span>
      </p>
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return <Button onClick={() => void copy().catch(() => undefined)}>{copied ? "Copied" : "Copy the ticket"}</Button>;
}
