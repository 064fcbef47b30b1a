import { DeskRefusedDocument } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";
import { UserLink } from "./UserLink";

/** The writes that Stripe has refused, each with what to do. */
export function RefusedModule() {
  const paged = usePaged(DeskRefusedDocument, {}, ({ refusedOperations }) => refusedOperations);
  return (
    <ListModule
      title={desk.refused.title}
      list={desk.refused.list}
      paged={paged}
      row={({ kind, remedy, error, stripeObjectId, createdAt, user }) => (
        <>
          <RowHead
            label={desk.refused.kinds[kind]}
            at={createdAt}
            side={user === null ? undefined : <UserLink user={user} />}
          />
          <p>{desk.refused.remedies[remedy]}</p>
          <p className="quiet small">
            {error} <Id>{stripeObjectId}</Id>
          </p>
        </>
      )}
    />
  );
}
