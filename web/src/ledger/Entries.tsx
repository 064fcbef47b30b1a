import type { EntryPartsFragment } from "../generated/graphql";
import { Skeleton } from "../style/Skeleton";
import { format, text } from "../text/current";
import { entrySummary } from "./entrySummary";

/** Rows that always have room. */
const FEWEST = 4;

interface EntriesProps {
  /** Undefined while they are being fetched. */
  entries: readonly EntryPartsFragment[] | undefined;
  /** Rows to keep room for, so that content below the table does not move from page to page. */
  rows: number;
  /** Shown when there are no entries. */
  empty: string;
}

/** A page of the ledger. */
export function Entries({ entries, rows, empty }: EntriesProps) {
  return (
    <div className="entries" style={{ "--rows": Math.max(rows, FEWEST) }}>
      <table className="table">
        <caption className="visually-hidden">{text.history.caption}</caption>
        <thead>
          <tr>
            <th scope="col" className="entry-when">
              {text.history.date}
            </th>
            <th scope="col">{text.history.description}</th>
            <th scope="col" className="table-number entry-number">
              {text.history.credits}
            </th>
            <th scope="col" className="table-number entry-number">
              {text.history.balance}
            </th>
          </tr>
        </thead>
        <tbody>
          {entries === undefined && Array.from({ length: Math.max(rows, FEWEST) }, (_, row) => <Blank key={row} />)}
          {entries?.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </tbody>
      </table>
      {entries?.length === 0 && <p className="quiet entries-none">{empty}</p>}
    </div>
  );
}

function Entry({ entry }: { entry: EntryPartsFragment }) {
  const { label, description } = entrySummary(entry);
  return (
    <tr className={`entry entry-${entry.changeType.toLowerCase()}`}>
      <td className="entry-when">
        <time dateTime={entry.createdAt}>{format.minute(entry.createdAt)}</time>
      </td>
      <td>
        <span className="entry-kind">{label}</span>
        <span className="quiet entry-notes">{description}</span>
        <time className="quiet entry-when-below" dateTime={entry.createdAt}>
          {format.minute(entry.createdAt)}
        </time>
      </td>
      <td className="table-number entry-number digits entry-delta">{format.signed(entry.creditsDelta)}</td>
      <td className="table-number entry-number digits">{format.number(entry.balanceAfter)}</td>
    </tr>
  );
}

function Blank() {
  return (
    <tr className="entry">
      <td colSpan={4}>
        <Skeleton />
      </td>
    </tr>
  );
}
