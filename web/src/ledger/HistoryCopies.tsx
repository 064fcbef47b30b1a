import { useCallback, useEffect, useState } from "react";
import { type Client, type OperationResult, useClient } from "urql";

import { type Failure, failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type ChangeType, type EntryPartsFragment, HistoryDocument, type HistoryQuery } from "../generated/graphql";
import { save } from "../profile/save";
import { Button } from "../style/Button";
import { text } from "../text/current";
import { type Cell, csv } from "./csv";
import { Entries } from "./Entries";
import { entrySummary } from "./entrySummary";
import { withoutCharged } from "./reservations";

/** Entries per request: the most that the API returns. */
const AT_ONCE = 100;

/** Begins a file in UTF-8. Without it, Excel reads letters with accents as others. */
const BYTE_ORDER_MARK = "\ufeff";

type Entry = HistoryQuery["ledger"]["nodes"][number];

/** Prints all entries of a type, or of all types, and saves them as CSV. */
export function HistoryCopies({ type }: { type: ChangeType | null }) {
  const client = useClient();
  const [busy, setBusy] = useState<"saving" | "printing" | null>(null);
  const [failed, setFailed] = useState<{ failure: Failure; again: () => void } | null>(null);
  const [printed, setPrinted] = useState<readonly EntryPartsFragment[] | null>(null);
  usePrint(
    printed,
    useCallback(() => {
      setPrinted(null);
    }, []),
  );
  const copy = async (kind: "saving" | "printing", done: (pages: Entry[][]) => void) => {
    setBusy(kind);
    setFailed(null);
    const pages = await readAll(client, type);
    if (Array.isArray(pages)) done(pages);
    else setFailed({ failure: pages, again: () => void copy(kind, done) });
    setBusy(null);
  };
  const download = () =>
    copy("saving", (pages) => {
      save("patch-hive-history.csv", table(pages));
    });
  const print = () =>
    copy("printing", (pages) => {
      setPrinted(type === null ? withoutCharged(pages.flat()) : pages.flat());
    });
  return (
    <>
      <Problem failure={failed?.failure ?? null} onAgain={() => failed?.again()} />
      <p className="actions history-copies">
        <Button busy={busy === "saving"} onClick={() => void download()}>
          {text.profile.saveHistory}
        </Button>
        <Button busy={busy === "printing"} onClick={() => void print()}>
          {text.profile.printHistory}
        </Button>
      </p>
      {printed !== null && (
        <div className="history-print">
          <Entries entries={printed} rows={0} empty="" />
        </div>
      )}
    </>
  );
}

/** Opens the dialog to print once there is something to print. */
function usePrint(printed: readonly EntryPartsFragment[] | null, onPrinted: () => void): void {
  useEffect(() => {
    if (printed === null) return;
    window.addEventListener("afterprint", onPrinted);
    window.print();
    return () => {
      window.removeEventListener("afterprint", onPrinted);
    };
  }, [printed, onPrinted]);
}

/** Reads all pages. */
async function readAll(client: Client, type: ChangeType | null): Promise<Entry[][] | Failure> {
  const pages: Entry[][] = [];
  let after: string | null = null;
  do {
    const { data, error } = await page(client, type, after);
    if (error) return failure(error);
    if (!data) break;
    const { nodes, pageInfo } = data.ledger;
    pages.push(nodes);
    after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
  } while (after !== null);
  return pages;
}

/** The file with a row for each entry. */
function table(pages: readonly (readonly Entry[])[]): Blob {
  const { date, description, credits, balance } = text.history;
  const { kind, reference } = text.profile.columns;
  const head = BYTE_ORDER_MARK + csv([[date, kind, description, credits, balance, reference]]);
  return new Blob([head, ...pages.map((nodes) => csv(nodes.map(row)))], { type: "text/csv;charset=utf-8" });
}

function page(client: Client, type: ChangeType | null, after: string | null): Promise<OperationResult<HistoryQuery>> {
  const variables = { first: AT_ONCE, after, changeType: type };
  return client.query(HistoryDocument, variables, { requestPolicy: "network-only" }).toPromise();
}

/** A row of the file, with the moment in ISO 8601. */
function row(entry: Entry): Cell[] {
  const { label, description } = entrySummary(entry);
  return [entry.createdAt, label, description, entry.creditsDelta, entry.balanceAfter, entry.reference ?? ""];
}
