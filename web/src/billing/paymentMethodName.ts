import type { BillingQuery } from "../generated/graphql";
import { text } from "../text/current";

/** A payment method, as the API reports it. */
export type PaymentMethod = NonNullable<BillingQuery["paymentMethod"]>;

/** The names of brands that are not their id with a capital. */
const BRANDS: Record<string, string> = {
  amex: "American Express",
  diners: "Diners Club",
  eftpos_au: "eftpos",
  jcb: "JCB",
  unionpay: "UnionPay",
};

/** Names a payment method as it is printed on the card: its brand and its last digits. */
export function paymentMethodName({ kind, brand, last4 }: Pick<PaymentMethod, "kind" | "brand" | "last4">): string {
  const { card, bankAccount, other, ending } = text.billing;
  const name = { CARD: brand === null ? card : brandName(brand), BANK_DEBIT: brand ?? bankAccount, OTHER: other }[kind];
  return last4 === null ? name : ending(name, last4);
}

function brandName(brand: string): string {
  return BRANDS[brand] ?? brand.charAt(0).toUpperCase() + brand.slice(1);
}
