import { type RefundedPayment, refundState } from "../payment/refundState";
import { format } from "../text/current";
import { DeskInvoicesDocument, DeskPaymentsDocument, DeskTopUpsDocument } from "./generated/graphql";
import { Id, ListModule, RowHead } from "./ListModule";
import { desk } from "./texts";
import { usePaged } from "./usePaged";

/** The credit packs that a customer bought. */
export function PaymentsModule({ id }: { id: string }) {
  const paged = usePaged(DeskPaymentsDocument, { id }, ({ user }) => user?.payments);
  const { title, list, pack, reversed } = desk.payments;
  return (
    <ListModule
      title={title}
      list={list}
      paged={paged}
      row={(payment) => (
        <>
          <RowHead label={pack(payment.credits)} at={payment.createdAt} side={format.money(payment.amount)} />
          <p className="quiet small">
            {refundSummary(payment)}
            {payment.creditsReversed > 0 && ` · ${reversed(payment.creditsReversed)}`}{" "}
            <Id>{payment.stripePaymentIntentId}</Id>
          </p>
        </>
      )}
    />
  );
}

/** Says in which state a payment is, and what of it was refunded or is about to be. */
function refundSummary(payment: RefundedPayment): string {
  const { statuses, refundUnderWay, refunded, refundPending } = desk.payments;
  const { isUnderWay, arrived, pending } = refundState(payment);
  const parts = [isUnderWay ? refundUnderWay : statuses[payment.status]];
  if (arrived !== null) parts.push(refunded(arrived));
  if (pending !== null) parts.push(refundPending(pending));
  return parts.join(" · ");
}

/** The automatic top-ups of a customer. */
export function TopUpsModule({ id }: { id: string }) {
  const paged = usePaged(DeskTopUpsDocument, { id }, ({ user }) => user?.topUps);
  const { title, list, pack, states } = desk.topUps;
  return (
    <ListModule
      title={title}
      list={list}
      paged={paged}
      row={({ credits, createdAt, amount, state, declineCode, invoiceUrl }) => (
        <>
          <RowHead
            label={invoiceUrl === null ? pack(credits) : <a href={invoiceUrl}>{pack(credits)}</a>}
            at={createdAt}
            side={format.money(amount)}
          />
          <p className="quiet small">
            {states[state]} <Id>{declineCode}</Id>
          </p>
        </>
      )}
    />
  );
}

/** A customer's invoices, as Stripe has them. */
export function InvoicesModule({ id }: { id: string }) {
  const paged = usePaged(DeskInvoicesDocument, { id }, ({ user }) => user?.invoices);
  const { title, list, statuses } = desk.invoices;
  return (
    <ListModule
      title={title}
      list={list}
      paged={paged}
      row={({ id, number, createdAt, status, pageUrl, total }) => (
        <>
          <RowHead
            label={pageUrl === null ? (number ?? id) : <a href={pageUrl}>{number ?? id}</a>}
            at={createdAt}
            side={format.money(total)}
          />
          <p className="quiet small">
            {statuses[status]} <Id>{id}</Id>
          </p>
        </>
      )}
    />
  );
}
