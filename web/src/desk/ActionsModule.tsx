import { DeskActionsDocument } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";
import { UserLink } from "./UserLink";

interface ActionsModuleProps {
  /** The customer whose account they are about; null for all. */
  userId: string | null;
  /** Grows with each change that the page makes. */
  revision?: number;
}

/** The changes that admins made, each with its author. */
export function ActionsModule({ userId, revision = 0 }: ActionsModuleProps) {
  const paged = usePaged(DeskActionsDocument, { userId }, ({ adminActions }) => adminActions, revision);
  return (
    <ListModule
      title={desk.actions.title}
      list={desk.actions.list}
      paged={paged}
      row={({ kind, createdAt, actor, user, entry, webhookEventId, eventId, eventEndpointId }) => (
        <>
          <RowHead
            label={desk.actions.kinds[kind]}
            at={createdAt}
            side={user === null ? undefined : <UserLink user={user} />}
          />
          {entry !== null && <p>{desk.actions.change(entry.creditsDelta, entry.reason ?? "")}</p>}
          <p className="quiet small">
            {desk.by} {actor?.username ?? desk.roles.ADMIN} <Id>{webhookEventId}</Id>
            <Id>{eventId}</Id> <Id>{eventEndpointId}</Id>
          </p>
        </>
      )}
    />
  );
}
