import { Problem } from "../gateway/Problem";
import type { InvoicePartsFragment } from "../generated/graphql";
import { Button } from "../style/Button";
import { Skeleton } from "../style/Skeleton";
import { format, text } from "../text/current";
import { type InvoiceState, invoiceState } from "./invoiceState";
import type { Invoices } from "./useInvoices";

const LEDS: Record<InvoiceState, string> = {
  OPEN: "led-off",
  PAID: "led-live",
  VOID: "",
  UNCOLLECTIBLE: "led-off",
  REFUNDED: "",
  PARTIALLY_REFUNDED: "",
  DISPUTED: "led-off",
};

/** The list of invoices, each with its page and its document. */
export function InvoiceList({ invoices }: { invoices: Invoices }) {
  const { list, failure, more, again } = invoices;
  return (
    <div className="billing-invoices">
      <h3 id="invoices-title">{text.billing.invoices}</h3>
      <Problem failure={failure} onAgain={again} />
      {list === null && failure === null && <Skeleton className="billing-skeleton" />}
      {list !== null &&
        (list.length === 0 ? <p className="quiet">{text.billing.noInvoices}</p> : <Table list={list} />)}
      {more !== null && (
        <p>
          <Button look="quiet" onClick={more}>
            {text.billing.more}
          </Button>
        </p>
      )}
    </div>
  );
}

function Table({ list }: { list: readonly InvoicePartsFragment[] }) {
  return (
    <table className="table billing-table">
      <caption className="visually-hidden">{text.billing.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{text.billing.date}</th>
          <th scope="col">{text.billing.invoice}</th>
          <th scope="col" className="table-number">
            {text.billing.total}
          </th>
          <th scope="col">
            <span className="visually-hidden">{text.billing.document}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {list.map((invoice) => (
          <Row key={invoice.id} invoice={invoice} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ invoice }: { invoice: InvoicePartsFragment }) {
  const { number, createdAt, total, pageUrl, pdfUrl } = invoice;
  const { state, part } = invoiceState(invoice);
  const name = number ?? text.billing.unnumbered;
  return (
    <tr>
      <td>
        <time dateTime={createdAt}>{format.date(createdAt)}</time>
      </td>
      <td>
        {pageUrl === null ? name : <a href={pageUrl}>{name}</a>}
        <span className="quiet small billing-note">{content(invoice)}</span>
      </td>
      <td className="table-number">
        <span className="digits">{format.money(total)}</span>
        <span className="small billing-status">
          <span className={`led ${LEDS[state]}`} aria-hidden="true" />
          {text.billing.statuses[state]}
        </span>
        {part !== null && (
          <span className="quiet small billing-note">
            {state === "DISPUTED" ? text.billing.disputed(part) : text.billing.refunded(part)}
          </span>
        )}
      </td>
      <td className="billing-document">
        {pdfUrl !== null && (
          <a href={pdfUrl} aria-label={text.billing.download(name)}>
            PDF
          </a>
        )}
      </td>
    </tr>
  );
}

/** The item that was paid for: a pack, a period, or whatever the invoice says. */
function content({ credits, period, lines }: InvoicePartsFragment): string {
  if (credits !== null) return text.credits(credits);
  if (period !== null) return text.billing.range(period.start, period.end);
  return lines[0]?.description ?? "";
}
