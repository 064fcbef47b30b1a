import { useId, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { Button } from "../style/Button";
import { Notice } from "../style/Notice";
import { DeskEventsDocument, ReplayEventDocument, type WebhookEventStatus } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";

const STATUSES: readonly WebhookEventStatus[] = ["FAILED", "WAITING", "RECEIVED", "APPLIED", "IGNORED"];

/** The inbox of webhook events, by status, each with a way to apply it again. */
export function EventsModule() {
  const [status, setStatus] = useState<WebhookEventStatus | null>("FAILED");
  const id = useId();
  const filter = (
    <div className="field desk-filter">
      <label htmlFor={id}>{desk.events.filter}</label>
      <select
        id={id}
        value={status ?? ""}
        onChange={(event) => {
          setStatus(STATUSES.find((one) => one === event.target.value) ?? null);
        }}
      >
        <option value="">{desk.events.all}</option>
        {STATUSES.map((one) => (
          <option key={one} value={one}>
            {desk.events.statuses[one]}
          </option>
        ))}
      </select>
    </div>
  );
  return <Inbox key={status} status={status} filter={filter} />;
}

function Inbox({ status, filter }: { status: WebhookEventStatus | null; filter: React.ReactNode }) {
  const paged = usePaged(DeskEventsDocument, { status }, ({ webhookEvents }) => webhookEvents);
  const { run, busy, failure } = useAction(ReplayEventDocument);
  // The event that was replayed last, with the result once there is one.
  const [replay, setReplay] = useState<{ id: string; result: string | null } | null>(null);
  const apply = async (id: string) => {
    setReplay({ id, result: null });
    const event = (await run({ input: { id } }))?.replayWebhookEvent;
    if (event === undefined) return;
    setReplay({ id, result: desk.events.replayed(id, desk.events.statuses[event.status]) });
    paged.again();
  };
  return (
    <ListModule
      title={desk.events.title}
      list={desk.events.list}
      paged={paged}
      row={(event) => (
        <>
          <RowHead label={event.type} at={event.receivedAt} side={desk.events.statuses[event.status]} />
          {event.error !== null && <p>{event.error}</p>}
          <p className="quiet small">
            {desk.events.attempts(event.attempts)} {event.waitsFor !== null && desk.events.waitsFor(event.waitsFor)}{" "}
            <Id>{event.id}</Id>
          </p>
          <p>
            <Button
              look="quiet"
              busy={busy && replay?.id === event.id}
              aria-label={desk.events.replayOf(event.id)}
              onClick={() => void apply(event.id)}
            >
              {desk.events.replay}
            </Button>
          </p>
        </>
      )}
    >
      {filter}
      <Problem failure={failure} onAgain={() => replay !== null && void apply(replay.id)} />
      {replay?.result != null && (
        <Notice look="good">
          <p className="desk-id">{replay.result}</p>
        </Notice>
      )}
    </ListModule>
  );
}
