import { Link } from "react-router";

import { format } from "../text/current";
import { explanation } from "./explanation";
import { DeskLedgerDocument } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";

/** Every change of a customer's balance, each with the fact behind it. */
export function LedgerModule({ id, revision }: { id: string; revision: number }) {
  const paged = usePaged(DeskLedgerDocument, { id }, ({ user }) => user?.ledger, revision);
  return (
    <ListModule
      title={desk.ledger.title}
      list={desk.ledger.list}
      paged={paged}
      row={(entry) => (
        <>
          <RowHead
            label={desk.ledger.kinds[entry.kind]}
            at={entry.createdAt}
            side={format.signed(entry.creditsDelta)}
          />
          <p>{explanation(entry)}</p>
          <p className="quiet small">
            {desk.ledger.balance(entry.balanceAfter)}
            {entry.invoiceId !== null && (
              <>
                {" "}
                · {desk.ledger.invoice} <Id>{entry.invoiceId}</Id>
              </>
            )}
            {entry.actorId !== null && (
              <>
                {" "}
                · {desk.by} <Link to={`/admin?user=${encodeURIComponent(entry.actorId)}`}>{entry.actorId}</Link>
              </>
            )}
          </p>
        </>
      )}
    />
  );
}
