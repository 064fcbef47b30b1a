/** An amount as the gateway gives it. */
export interface Money {
  /** In minor units of the currency. */
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** The amount for people: $4.99. */
export function price({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** A count with its noun: 1 credit, 2,000 credits. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${Math.abs(number) === 1 ? "" : "s"}`;
}
