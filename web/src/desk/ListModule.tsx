import { type ReactNode, useId } from "react";

import { Problem } from "../gateway/Problem";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { format } from "../text/current";
import { desk } from "./texts";
import type { Paged } from "./usePaged";

interface ListModuleProps<Node> {
  title: string;
  /** The name of the list, for the navigation between its pages. */
  list: string;
  lead?: string;
  /** Shown when the list is empty. */
  empty?: string;
  paged: Paged<Node>;
  row: (node: Node) => ReactNode;
  /** Stands between the title and the list. */
  children?: ReactNode;
}

/** A panel with a list that is read page by page. */
export function ListModule<Node extends { id: string }>(props: ListModuleProps<Node>) {
  const { title, list, lead, empty = desk.none, paged, row, children } = props;
  const { nodes, busy, failure, again, back, forth } = paged;
  const id = useId();
  return (
    <section className="module desk-module" aria-labelledby={id} aria-busy={busy}>
      <h2 id={id}>{title}</h2>
      {lead !== undefined && <p className="quiet small">{lead}</p>}
      {children}
      <Problem failure={failure} onAgain={again} />
      {nodes === undefined && failure === null && <Skeleton />}
      {nodes?.length === 0 && <p className="quiet">{empty}</p>}
      {nodes !== undefined && nodes.length > 0 && (
        <ul className="desk-rows">
          {nodes.map((node) => (
            <li key={node.id} className="desk-row">
              {row(node)}
            </li>
          ))}
        </ul>
      )}
      {(back !== null || forth !== null) && (
        <nav className="actions desk-pages" aria-label={desk.pages(list)}>
          <Button disabled={back === null} onClick={() => back?.()}>
            {desk.earlier}
          </Button>
          <Button disabled={forth === null} onClick={() => forth?.()}>
            {desk.later}
          </Button>
        </nav>
      )}
    </section>
  );
}

interface RowHeadProps {
  label: ReactNode;
  /** The moment of the row. */
  at?: string;
  /** Stands at the end of the line. */
  side?: ReactNode;
}

/** The first line of a row. */
export function RowHead({ label, at, side }: RowHeadProps) {
  return (
    <p className="desk-head">
      <strong>{label}</strong>
      {at !== undefined && (
        <time className="quiet small" dateTime={at}>
          {format.minute(at)}
        </time>
      )}
      {side !== undefined && <span className="desk-side digits">{side}</span>}
    </p>
  );
}

/** An id at Stripe, or another text that is copied rather than read. */
export function Id({ children }: { children: string | null }) {
  return children === null ? null : <code className="desk-id">{children}</code>;
}
