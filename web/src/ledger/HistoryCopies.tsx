import { useState } from "react";
import { type Client, type OperationResult, useClient } from "urql";

import { type Failure, failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type ChangeType, HistoryDocument, type HistoryQuery } from "../generated/graphql";
import { save } from "../profile/save";
import { Button } from "../style/Button";
import { text } from "../text/current";
import { type Cell, csv } from "./csv";
import { entrySummary } from "./entrySummary";

/** Entries per request: the most that the API returns. */
const AT_ONCE = 100;

/** Prints the page, and saves all entries of a type, or of all types, as CSV. */
export function HistoryCopies({ type }: { type: ChangeType | null }) {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Failure | null>(null);
  const download = async () => {
    setBusy(true);
    setFailed(null);
    const result = await table(client, type);
    if (result instanceof Blob) save("patch-hive-history.csv", result);
    else setFailed(result);
    setBusy(false);
  };
  return (
    <>
      <Problem failure={failed} onAgain={() => void download()} />
      <p className="actions history-copies">
        <Button busy={busy} onClick={() => void download()}>
          {text.profile.saveHistory}
        </Button>
        <Button
          onClick={() => {
            window.print();
          }}
        >
          {text.profile.printHistory}
        </Button>
      </p>
    </>
  );
}

/** Reads all pages. Each becomes a part of the file at once, so that no more than one page is held as objects. */
async function table(client: Client, type: ChangeType | null): Promise<Blob | Failure> {
  const { date, description, credits, balance } = text.history;
  const { kind, reference } = text.profile.columns;
  const parts = [new Blob([csv([[date, kind, description, credits, balance, reference]])])];
  let after: string | null = null;
  do {
    const { data, error } = await page(client, type, after);
    if (error) return failure(error);
    if (!data) break;
    const { nodes, pageInfo } = data.ledger;
    parts.push(new Blob([csv(nodes.map(row))]));
    after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
  } while (after !== null);
  return new Blob(parts, { type: "text/csv;charset=utf-8" });
}

function page(client: Client, type: ChangeType | null, after: string | null): Promise<OperationResult<HistoryQuery>> {
  const variables = { first: AT_ONCE, after, changeType: type };
  return client.query(HistoryDocument, variables, { requestPolicy: "network-only" }).toPromise();
}

/** A row of the file, with the moment in ISO 8601. */
function row(entry: HistoryQuery["ledger"]["nodes"][number]): Cell[] {
  const { label, description } = entrySummary(entry);
  return [entry.createdAt, label, description, entry.creditsDelta, entry.balanceAfter, entry.reference ?? ""];
}
