import { text } from "../text/current";

/** The settings as they are typed. */
export interface Typed {
  below: string;
  credits: string;
  /** In whole US dollars. */
  cap: string;
}

/** The settings as the API takes them. */
export interface Settings {
  below: number;
  credits: number;
  /** In US cents. */
  monthlyCap: number;
}

/** The price of one credit, and the lowest price of a top-up, in US cents. */
const UNIT_PRICE = 20;
const LEAST_PRICE = 500;

const LIMITS = { below: [1, 10_000], credits: [1, 1000], cap: [5, 10_000] } as const;

/** The price of a top-up, in US cents. */
export function priceOf(credits: number): number {
  return Math.max(LEAST_PRICE, credits * UNIT_PRICE);
}

/** Says what is wrong with a field; empty when nothing is. */
export function complaint(field: keyof Typed, typed: Typed): string {
  const [least, most] = LIMITS[field];
  const value = whole(typed[field]);
  if (value === null || value < least || value > most) return text.topUps.wrong(least, most);
  const credits = whole(typed.credits);
  if (field === "cap" && credits !== null && value * 100 < priceOf(credits)) {
    return text.topUps.capTooLow({ amount: priceOf(credits), currency: "USD" });
  }
  return "";
}

/** The settings that were typed; null when one of them is wrong. */
export function settings(typed: Typed): Settings | null {
  const fields = ["below", "credits", "cap"] as const;
  if (fields.some((field) => complaint(field, typed) !== "")) return null;
  return { below: Number(typed.below), credits: Number(typed.credits), monthlyCap: Number(typed.cap) * 100 };
}

function whole(typed: string): number | null {
  return /^\s*\d{1,9}\s*$/.test(typed) ? Number(typed) : null;
}
