import "./history.css";

import { useEffect, useRef, useState } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { BalanceHistoryDocument, type ChangeType, HistoryDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { text } from "../text/current";
import { BalanceChart } from "./BalanceChart";
import { Entries } from "./Entries";

/** Entries per page. */
const PAGE = 10;

const TYPES: readonly ChangeType[] = ["PURCHASE", "SPEND", "GRANT", "REFUND"];

/** Every change of the balance, as a chart and as a table. */
export function HistoryModule() {
  const [type, setType] = useState<ChangeType | null>(null);
  // The cursors that led to this page, for going back.
  const [cursors, setCursors] = useState<string[]>([]);
  const [{ data, error, stale, fetching }, ask] = useQuery({
    query: HistoryDocument,
    variables: { first: PAGE, after: cursors.at(-1) ?? null, changeType: type },
  });
  const [{ data: chart }, askChart] = useQuery({ query: BalanceHistoryDocument });
  const again = () => {
    ask({ requestPolicy: "network-only" });
  };
  useUpdates(data?.newest.nodes, again);
  useUpdates(chart?.ledger.nodes, () => {
    askChart({ requestPolicy: "network-only" });
  });
  const { nodes, pageInfo } = data?.ledger ?? {};
  const paged = cursors.length > 0 || (pageInfo?.hasNextPage ?? false);
  return (
    <section className="module history" aria-labelledby="history-title" aria-busy={fetching || stale}>
      <div className="module-head history-head">
        <h2 id="history-title">{text.history.title}</h2>
        <TypeFilter
          type={type}
          onType={(type) => {
            setType(type);
            setCursors([]);
          }}
        />
      </div>
      <BalanceChart steps={chart?.ledger.nodes ?? []} />
      {error && <Problem failure={{ ...failure(error), again: true }} onAgain={again} />}
      {!(error && !data) && (
        <Entries
          entries={nodes}
          rows={paged ? PAGE : 0}
          empty={type === null ? text.history.empty : text.history.emptyFilter}
        />
      )}
      {paged && (
        <nav className="actions history-pages" aria-label={text.history.pages}>
          <Button
            disabled={cursors.length === 0}
            onClick={() => {
              setCursors(cursors.slice(0, -1));
            }}
          >
            {text.history.newer}
          </Button>
          <Button
            disabled={!pageInfo?.hasNextPage}
            onClick={() => {
              if (pageInfo?.endCursor != null) setCursors([...cursors, pageInfo.endCursor]);
            }}
          >
            {text.history.older}
          </Button>
        </nav>
      )}
    </section>
  );
}

/** Asks again when the balance is newer than the entries that are shown. */
function useUpdates(shown: readonly { version: number }[] | undefined, again: () => void): void {
  const version = useAccount().balance?.version ?? 0;
  const requested = useRef(0);
  useEffect(() => {
    if (shown === undefined || version <= Math.max(shown[0]?.version ?? 0, requested.current)) return;
    requested.current = version;
    again();
  }, [shown, version, again]);
}

function TypeFilter({ type, onType }: { type: ChangeType | null; onType: (type: ChangeType | null) => void }) {
  return (
    <div className="history-kind">
      <label className="label" htmlFor="history-type">
        {text.history.show}
      </label>
      <select
        id="history-type"
        className="input"
        value={type ?? ""}
        onChange={(event) => {
          onType(TYPES.find((type) => type === event.target.value) ?? null);
        }}
      >
        <option value="">{text.history.all}</option>
        {TYPES.map((type) => (
          <option key={type} value={type}>
            {text.history.filters[type]}
          </option>
        ))}
      </select>
    </div>
  );
}
