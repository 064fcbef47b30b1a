import { useId, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { Button } from "../style/Button";
import {
  type DeskEventFragment,
  DeskEventsDocument,
  ReplayEventDocument,
  type WebhookEventStatus,
} from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { ReplayResult } from "./ReplayResult";
import { desk } from "./texts";
import { usePaged } from "./usePaged";

const STATUSES: readonly WebhookEventStatus[] = ["FAILED", "WAITING", "RECEIVED", "APPLIED", "IGNORED"];

/** The inbox of webhook events, by status, each with a way to apply it again. */
export function EventsModule({ onReplayed }: { onReplayed: () => void }) {
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
  return <Inbox key={status} status={status} filter={filter} onReplayed={onReplayed} />;
}

interface InboxProps {
  status: WebhookEventStatus | null;
  filter: React.ReactNode;
  onReplayed: () => void;
}

function Inbox({ status, filter, onReplayed }: InboxProps) {
  const paged = usePaged(DeskEventsDocument, { status }, ({ webhookEvents }) => webhookEvents);
  const { run, busy, failure } = useAction(ReplayEventDocument);
  // The event that was replayed last, with its new state once there is one.
  const [replay, setReplay] = useState<{ id: string; event: DeskEventFragment | null } | null>(null);
  const apply = async (id: string) => {
    setReplay({ id, event: null });
    const event = (await run({ input: { id } }))?.replayWebhookEvent;
    if (event === undefined) return;
    setReplay({ id, event });
    paged.again();
    onReplayed();
  };
  const result = replay !== null && (
    <>
      <Problem failure={failure} onAgain={() => void apply(replay.id)} />
      {replay.event !== null && <ReplayResult event={replay.event} />}
    </>
  );
  // An event that has left the list, because its status has changed, has no row to stand beside.
  const isListed = paged.nodes?.some(({ id }) => id === replay?.id) === true;
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
          {replay?.id === event.id && result}
        </>
      )}
    >
      {filter}
      {!isListed && result}
    </ListModule>
  );
}
