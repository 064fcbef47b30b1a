import "./history.css";

import { useEffect, useRef, useState } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type ChangeType, CourseDocument, HistoryDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { Entries } from "./Entries";
import { KINDS } from "./kind";
import { Scope } from "./Scope";

/** Entries of a page. */
const PAGE = 10;

/** Every change of the balance. */
export function HistoryModule() {
  const [kind, setKind] = useState<ChangeType | null>(null);
  // The cursors that were followed to this page: the way back.
  const [way, setWay] = useState<string[]>([]);
  const [{ data, error, stale, fetching }, ask] = useQuery({
    query: HistoryDocument,
    variables: { first: PAGE, after: way.at(-1) ?? null, changeType: kind },
  });
  const [{ data: whole }, askWhole] = useQuery({ query: CourseDocument });
  const again = () => {
    ask({ requestPolicy: "network-only" });
  };
  useNews(data?.newest.nodes, again);
  useNews(whole?.ledger.nodes, () => {
    askWhole({ requestPolicy: "network-only" });
  });
  const { nodes, pageInfo } = data?.ledger ?? {};
  const paged = way.length > 0 || (pageInfo?.hasNextPage ?? false);
  return (
    <section className="module history" aria-labelledby="history-title" aria-busy={fetching || stale}>
      <div className="module-head history-head">
        <h2 id="history-title">History</h2>
        <Kinds
          kind={kind}
          onKind={(kind) => {
            setKind(kind);
            setWay([]);
          }}
        />
      </div>
      <Scope steps={whole?.ledger.nodes ?? []} />
      {error && <Problem failure={{ ...failure(error), again: true }} onAgain={again} />}
      {!(error && !data) && (
        <Entries
          entries={nodes}
          rows={paged ? PAGE : 0}
          none={kind === null ? "Nothing has happened yet." : "Nothing of this kind."}
        />
      )}
      {paged && (
        <nav className="actions history-pages" aria-label="Pages of the history">
          <Button
            disabled={way.length === 0}
            onClick={() => {
              setWay(way.slice(0, -1));
            }}
          >
            Newer
          </Button>
          <Button
            disabled={!pageInfo?.hasNextPage}
            onClick={() => {
              if (pageInfo?.endCursor != null) setWay([...way, pageInfo.endCursor]);
            }}
          >
            Older
          </Button>
        </nav>
      )}
    </section>
  );
}

/** Asks again when the balance has moved on from what is shown, be it that it moved while that was on its way. */
function useNews(shown: readonly { version: number }[] | undefined, again: () => void): void {
  const version = useAccount().balance?.version ?? 0;
  const asked = useRef(0);
  useEffect(() => {
    if (shown === undefined || version <= Math.max(shown[0]?.version ?? 0, asked.current)) return;
    asked.current = version;
    again();
  }, [shown, version, again]);
}

function Kinds({ kind, onKind }: { kind: ChangeType | null; onKind: (kind: ChangeType | null) => void }) {
  return (
    <div className="history-kind">
      <label className="label" htmlFor="kind">
        Show
      </label>
      <select
        id="kind"
        className="input"
        value={kind ?? ""}
        onChange={(event) => {
          onKind(KINDS.find(({ type }) => type === event.target.value)?.type ?? null);
        }}
      >
        <option value="">Everything</option>
        {KINDS.map(({ type, many }) => (
          <option key={type} value={type}>
            {many}
          </option>
        ))}
      </select>
    </div>
  );
}
