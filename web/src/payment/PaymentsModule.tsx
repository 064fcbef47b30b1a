import "./payments.css";

import { useCallback, useEffect, useRef, useState } from "react";
import { useQuery } from "urql";

import { useAccount } from "../account/context";
import { useReturned } from "../checkout/useReturned";
import { failure } from "../gateway/failure";
import { Problem } from "../gateway/Problem";
import { type PaymentPartsFragment, PaymentsDocument, type PaymentStatus } from "../generated/graphql";
import { Button } from "../style/Button";
import { format, text } from "../text/current";
import { refundState } from "./refundState";

/** Payments that are listed at first, and that are added by each click. */
const STEP = 5;

/** The most that the API lists at once. */
const MOST = 100;

/** Milliseconds between two looks while a payment or a refund is processing: not every outcome changes the balance. */
const PAUSE = 15_000;

const LEDS: Record<PaymentStatus, string> = {
  PENDING: "led-busy",
  SUCCEEDED: "led-live",
  FAILED: "led-off",
  PARTIALLY_REFUNDED: "",
  REFUNDED: "",
  DISPUTED: "led-off",
};

/** The payments for credit packs, with their states. Without any, the module is not there. */
export function PaymentsModule() {
  const [first, setFirst] = useState(STEP);
  const [{ data, error }, ask] = useQuery({ query: PaymentsDocument, variables: { first } });
  const again = useCallback(() => {
    ask({ requestPolicy: "network-only" });
  }, [ask]);
  const payments = data?.payments.nodes ?? [];
  const isProcessing = payments.some(
    (payment) => payment.status === "PENDING" || refundState(payment).pending !== null,
  );
  useUpdates(isProcessing ? PAUSE : null, again);
  if (error && !data) return <Problem failure={{ ...failure(error), again: true }} onAgain={again} />;
  if (payments.length === 0) return null;
  return (
    <section className="module payments" aria-labelledby="payments-title">
      <h2 id="payments-title">{text.payments.title}</h2>
      <Table payments={payments} />
      {data?.payments.pageInfo.hasNextPage && first < MOST && (
        <p>
          <Button
            look="quiet"
            onClick={() => {
              setFirst(Math.min(MOST, first * 4));
            }}
          >
            {text.payments.more}
          </Button>
        </p>
      )}
    </section>
  );
}

function Table({ payments }: { payments: readonly PaymentPartsFragment[] }) {
  return (
    <table className="table payments-table">
      <caption className="visually-hidden">{text.payments.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{text.payments.date}</th>
          <th scope="col">{text.payments.pack}</th>
          <th scope="col">{text.payments.status}</th>
          <th scope="col" className="table-number">
            {text.payments.amount}
          </th>
        </tr>
      </thead>
      <tbody>
        {payments.map((payment) => (
          <Row key={payment.id} payment={payment} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ payment }: { payment: PaymentPartsFragment }) {
  const { status, amount } = payment;
  const { isUnderWay, arrived, pending } = refundState(payment);
  return (
    <tr>
      <td>
        <time dateTime={payment.createdAt}>{format.minute(payment.createdAt)}</time>
      </td>
      <td>{text.credits(payment.credits)}</td>
      <td>
        <span className="payment-status">
          <span className={`led ${isUnderWay ? "led-busy" : LEDS[status]}`} aria-hidden="true" />
          {isUnderWay ? text.payments.refundUnderWay : text.payments.statuses[status]}
        </span>
        {status === "PENDING" && <span className="quiet small payment-note">{text.payments.pending}</span>}
        {arrived !== null && arrived.amount < amount.amount && (
          <span className="quiet small payment-note">{text.payments.refunded(arrived)}</span>
        )}
        {pending !== null && <span className="quiet small payment-note">{text.payments.refundPending(pending)}</span>}
      </td>
      <td className="digits table-number">{format.money(amount)}</td>
    </tr>
  );
}

/**
 * Asks again after each change of the balance or of the checkout that the person has returned from, and at intervals of so many
 * milliseconds if there are any.
 */
function useUpdates(pause: number | null, again: () => void): void {
  const version = useAccount().balance?.version;
  const seen = useRef(version);
  useEffect(() => {
    if (seen.current !== undefined && seen.current !== version) again();
    seen.current = version;
  }, [version, again]);
  const status = useReturned().checkout?.status;
  useEffect(() => {
    if (status !== undefined) again();
  }, [status, again]);
  useEffect(() => {
    if (pause === null) return;
    const timer = window.setInterval(again, pause);
    return () => {
      window.clearInterval(timer);
    };
  }, [pause, again]);
}
