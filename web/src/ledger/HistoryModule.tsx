import "./history.css";

import { useQuery } from "urql";

import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type ChangeType, HistoryDocument } from "../generated/graphql";
import { Button } from "../style/Button";
import { text } from "../text/current";
import { Entries } from "./Entries";
import { HistoryChart } from "./HistoryChart";
import { HistoryCopies } from "./HistoryCopies";
import { TYPES, useHistoryPlace } from "./place";
import { withoutCharged } from "./reservations";
import { useUpdates } from "./useUpdates";

/** Entries per page. */
const PAGE = 10;

/** Every change of the balance, as a chart and as a table. */
export function HistoryModule() {
  const [{ type, after, before }, show] = useHistoryPlace();
  const size = before === null ? { first: PAGE, after } : { last: PAGE, before };
  const [{ data, error, stale, fetching }, ask] = useQuery({
    query: HistoryDocument,
    variables: { ...size, changeType: type },
  });
  const again = () => {
    ask({ requestPolicy: "network-only" });
  };
  useUpdates(data?.newest.nodes, again);
  const { nodes, pageInfo } = data?.ledger ?? {};
  const isFirst = after === null && !(before !== null && (pageInfo?.hasPreviousPage ?? true));
  const paged = !isFirst || (pageInfo?.hasNextPage ?? false);
  return (
    <section className="module history" aria-labelledby="history-title" aria-busy={fetching || stale}>
      <div className="module-head history-head">
        <h2 id="history-title">{text.history.title}</h2>
        <TypeFilter
          type={type}
          onType={(type) => {
            show({ type, after: null, before: null });
          }}
        />
      </div>
      <HistoryChart type={type} />
      {error && <Problem failure={{ ...failure(error), again: true }} onAgain={again} />}
      {!(error && !data) && (
        <Entries
          entries={type === null && nodes ? withoutCharged(nodes) : nodes}
          rows={paged ? PAGE : 0}
          empty={type === null ? text.history.empty : text.history.emptyFilter}
        />
      )}
      {paged && (
        <nav className="actions history-pages" aria-label={text.history.pages}>
          <Button
            disabled={isFirst}
            onClick={() => {
              show({ type, after: null, before: pageInfo?.startCursor ?? null });
            }}
          >
            {text.history.newer}
          </Button>
          <Button
            disabled={!pageInfo?.hasNextPage}
            onClick={() => {
              show({ type, after: pageInfo?.endCursor ?? null, before: null });
            }}
          >
            {text.history.older}
          </Button>
        </nav>
      )}
      <HistoryCopies type={type} />
    </section>
  );
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
