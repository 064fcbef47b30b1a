import type { InvoicePartsFragment, InvoiceStatus } from "../generated/graphql";
import type { Money } from "../text/formats";

/** The state of an invoice on the pages. At Stripe an invoice stays paid, whatever was returned of it. */
export type InvoiceState = InvoiceStatus | "REFUNDED" | "PARTIALLY_REFUNDED" | "DISPUTED";

/** A state with the amount behind it. */
export interface InvoiceSummary {
  state: InvoiceState;
  /** The amount refunded or disputed, where it is only a part of the invoice. */
  part: Money | null;
}

/** Describes the state of an invoice by its status and by what was returned of its payment. */
export function invoiceState({
  status,
  total,
  refunded,
  disputed,
}: Pick<InvoicePartsFragment, "status" | "total" | "refunded" | "disputed">): InvoiceSummary {
  const part = (money: Money) => (money.amount < total.amount ? money : null);
  if (disputed.amount > 0) return { state: "DISPUTED", part: part(disputed) };
  if (refunded.amount === 0) return { state: status, part: null };
  const rest = part(refunded);
  return { state: rest === null ? "REFUNDED" : "PARTIALLY_REFUNDED", part: rest };
}
