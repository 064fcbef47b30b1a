import type { PaymentStatus } from "../generated/graphql";
import type { Money } from "../text/formats";

/** A payment, as far as its refunds are concerned. */
export interface RefundedPayment {
  status: PaymentStatus;
  refunded: Money;
  refundPending: Money;
}

/** The refunds of a payment. */
export interface RefundState {
  /** True if the status of the payment is not final, since a refund is under way. */
  isUnderWay: boolean;
  /** The amount that has arrived; null if it is nothing. */
  arrived: Money | null;
  /** The amount that is under way and may still fail; null if it is nothing. */
  pending: Money | null;
}

/** Tells refunds that have arrived from those that are under way. */
export function refundState({ status, refunded, refundPending }: RefundedPayment): RefundState {
  const arrived = { ...refunded, amount: refunded.amount - refundPending.amount };
  const isPending = refundPending.amount > 0;
  return {
    isUnderWay: isPending && (status === "REFUNDED" || status === "PARTIALLY_REFUNDED"),
    arrived: arrived.amount > 0 ? arrived : null,
    pending: isPending ? refundPending : null,
  };
}
