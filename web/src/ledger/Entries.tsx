import { title } from "../export/patchbook";
import type { EntryPartsFragment } from "../generated/graphql";
import { minute } from "../moment";
import { Skeleton } from "../style/Skeleton";
import { signed, word } from "./kind";

/** Rows that there is always room for. */
const FEWEST = 4;

interface EntriesProps {
  /** Nothing while they are being fetched. */
  entries: readonly EntryPartsFragment[] | undefined;
  /** How many rows to keep room for, so that what is below stays where it is from page to page. */
  rows: number;
  /** What to say when there are none. */
  none: string;
}

/** A page of the ledger. */
export function Entries({ entries, rows, none }: EntriesProps) {
  return (
    <div className="entries" style={{ "--rows": Math.max(rows, FEWEST) }}>
      <table>
        <caption className="unseen">Changes of the balance, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col" className="entry-number">
              Credits
            </th>
            <th scope="col" className="entry-number">
              Balance
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
      {entries?.length === 0 && <p className="quiet entries-none">{none}</p>}
    </div>
  );
}

function Entry({ entry }: { entry: EntryPartsFragment }) {
  return (
    <tr className={`entry entry-${entry.changeType.toLowerCase()}`}>
      <td className="entry-when">
        <time dateTime={entry.createdAt}>{minute(entry.createdAt)}</time>
      </td>
      <td>
        <span className="entry-kind">{word(entry.changeType)}</span>
        <span className="quiet entry-notes">{entry.notes ?? title(entry.reference ?? "")}</span>
      </td>
      <td className="entry-number digits entry-delta">{signed(entry.creditsDelta)}</td>
      <td className="entry-number digits">{entry.balanceAfter.toLocaleString("en-US")}</td>
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
