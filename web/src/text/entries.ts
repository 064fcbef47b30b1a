import type { ChangeType, LedgerEntryKind, ReversalCause, Tier } from "../generated/graphql";
import type { Formats, Money } from "./formats";

/** The facts of a ledger entry, as far as its kind has them. */
export interface EntryFacts {
  type: ChangeType;
  delta: number;
  /** The credits held; negative if a hold ended. */
  held: number;
  /** The title of the PatchBook, or the run's id. */
  book: string;
  reason: string;
  notes: string;
  pack: { credits: number; amount: Money } | null;
  period: { tier: Tier; end: string; paid: Money | null } | null;
  /** The movement of money behind a reversal. Entries that are older than its record have none. */
  reversal: { cause: ReversalCause; amount: Money | null } | null;
}

/** The text that a page shows for a ledger entry. */
export interface EntrySummary {
  label: string;
  description: string;
}

type Entries = Record<LedgerEntryKind, (facts: EntryFacts) => EntrySummary>;

const TIERS: Record<Tier, string> = { FREE: "Free", CORE: "Core", PRO: "Pro", STUDIO: "Studio" };

/** The money of a period, where only a part of it was returned. */
function paidTogether({ period, reversal }: EntryFacts): Money | null {
  const [paid, returned] = [period?.paid ?? null, reversal?.amount ?? null];
  return paid !== null && returned !== null && returned.amount < paid.amount ? paid : null;
}

/** True where less than a pack's payment was returned. */
function isPart(amount: Money, pack: { amount: Money }): boolean {
  return amount.amount < pack.amount.amount;
}

/** The sentences of ledger entries in English. */
export function entriesEn({ number, money, day }: Formats): Entries {
  const credits = (value: number) => `${number(value)} ${Math.abs(value) === 1 ? "credit" : "credits"}`;
  const period = ({ period }: EntryFacts) =>
    period === null ? "" : `${TIERS[period.tier]}, period until ${day(period.end)}`;
  const inPeriod = (facts: EntryFacts) => (facts.period === null ? "" : ` (${period(facts)})`);
  const payment = (facts: EntryFacts) => {
    const { pack, reversal } = facts;
    const amount = reversal?.amount ?? null;
    const paid = paidTogether(facts);
    if (amount !== null && paid !== null) return `${money(amount)} of the ${money(paid)} paid for the period`;
    if (pack === null) return amount === null ? "A payment" : money(amount);
    const whole = money(pack.amount);
    return amount !== null && isPart(amount, pack)
      ? `${money(amount)} of your payment of ${whole}`
      : `Your payment of ${whole}`;
  };
  const of = ({ pack, reversal }: EntryFacts, preposition: string) => {
    const amount = reversal?.amount ?? pack?.amount ?? null;
    return amount === null ? "" : ` ${preposition} ${money(amount)}`;
  };
  const reversed: Record<ReversalCause, { label: string; verb: string }> = {
    REFUND: { label: "Refund", verb: "was refunded" },
    DISPUTE: { label: "Dispute", verb: "was disputed" },
    CREDIT_NOTE: { label: "Credit note", verb: "was credited" },
  };
  const types: Record<ChangeType, string> = {
    PURCHASE: "Purchase",
    SPEND: "Export",
    GRANT: "Credits added",
    REFUND: "Refund",
    HOLD: "Reserved",
    RELEASE: "Released",
  };
  const unknown = { label: "Credits removed", verb: "was refunded or disputed" };
  const restored: Record<ReversalCause, (facts: EntryFacts) => string> = {
    REFUND: (facts) => `The refund${of(facts, "of")} failed, so its credits are back`,
    DISPUTE: (facts) => `The dispute${of(facts, "over")} is over and the payment stands, so its credits are back`,
    CREDIT_NOTE: (facts) => `The credit note${of(facts, "over")} was voided, so its credits are back`,
  };
  return {
    EXPORT: ({ book, delta }) => ({
      label: "Export",
      description: delta === 0 ? `${book}, with unlimited exports` : book,
    }),
    HOLD: ({ book, held }) => ({ label: "Reserved", description: `${book}: ${credits(held)}` }),
    HOLD_EXTENDED: ({ book }) => ({ label: "Reserved", description: `${book}, which takes longer` }),
    HOLD_RELEASED: ({ book, held }) => ({
      label: "Released",
      description: `${book} was not exported: ${credits(-held)} available again`,
    }),
    HOLD_EXPIRED: ({ book, held }) => ({
      label: "Released",
      description: `${book} was not exported in time: ${credits(-held)} available again`,
    }),
    EXPORT_REFUND: ({ book, reason }) => ({
      label: "Export refunded",
      description: `${book} was not exported: ${reason}`,
    }),
    PACK: ({ pack }) => ({
      label: "Purchase",
      description: pack === null ? "" : `${credits(pack.credits)} for ${money(pack.amount)}`,
    }),
    PLAN_PERIOD: (facts) => ({ label: "Plan", description: period(facts) }),
    PLAN_CHANGE: (facts) => ({ label: "Change of plan", description: period(facts) }),
    REVERSAL: (facts) => {
      const { label, verb } = facts.reversal === null ? unknown : reversed[facts.reversal.cause];
      const share = paidTogether(facts) === null ? "" : ". The same share of the credits of the period was removed";
      return { label, description: `${payment(facts)} ${verb}${inPeriod(facts)}${share}` };
    },
    RESTORATION: (facts) => ({
      label: "Credits restored",
      description:
        (facts.reversal === null
          ? "A payment stands, so its credits are back"
          : restored[facts.reversal.cause](facts)) + inPeriod(facts),
    }),
    MANUAL: ({ delta, reason }) => ({ label: delta < 0 ? "Credits removed" : "Credits added", description: reason }),
    UNLIMITED: () => ({ label: "Plan", description: "Unlimited exports" }),
    UNLIMITED_ENDED: (facts) => ({
      label: "Plan",
      description:
        "Unlimited exports have ended" +
        (facts.reversal === null
          ? ""
          : `, because ${payment(facts)} ${reversed[facts.reversal.cause].verb}${inPeriod(facts)}`),
    }),
    OTHER: ({ type, notes }) => ({ label: types[type], description: notes }),
  };
}

/** The sentences of ledger entries in German. */
export function entriesDe({ number, money, day }: Formats): Entries {
  const credits = (value: number) => `${number(value)} ${Math.abs(value) === 1 ? "Credit" : "Credits"}`;
  const period = ({ period }: EntryFacts) =>
    period === null ? "" : `${TIERS[period.tier]}, Zeitraum bis ${day(period.end)}`;
  const inPeriod = (facts: EntryFacts) => (facts.period === null ? "" : ` (${period(facts)})`);
  const payment = (facts: EntryFacts) => {
    const { pack, reversal } = facts;
    const amount = reversal?.amount ?? null;
    const paid = paidTogether(facts);
    if (amount !== null && paid !== null) {
      return `Ein Teil (${money(amount)}) der ${money(paid)}, die für den Zeitraum bezahlt wurden,`;
    }
    if (pack === null) return amount === null ? "Eine Zahlung" : `Eine Zahlung in Höhe von ${money(amount)}`;
    const whole = money(pack.amount);
    return amount !== null && isPart(amount, pack)
      ? `Ein Teil (${money(amount)}) deiner Zahlung von ${whole}`
      : `Deine Zahlung von ${whole}`;
  };
  const of = ({ pack, reversal }: EntryFacts) => {
    const amount = reversal?.amount ?? pack?.amount ?? null;
    return amount === null ? "" : ` über ${money(amount)}`;
  };
  const reversed: Record<ReversalCause, { label: string; verb: string }> = {
    REFUND: { label: "Erstattung", verb: "wurde erstattet" },
    DISPUTE: { label: "Anfechtung", verb: "wurde angefochten" },
    CREDIT_NOTE: { label: "Rechnungskorrektur", verb: "wurde gutgeschrieben" },
  };
  const types: Record<ChangeType, string> = {
    PURCHASE: "Kauf",
    SPEND: "Export",
    GRANT: "Gutschrift",
    REFUND: "Erstattung",
    HOLD: "Reserviert",
    RELEASE: "Freigegeben",
  };
  const unknown = { label: "Credits abgezogen", verb: "wurde erstattet oder angefochten" };
  const restored: Record<ReversalCause, (facts: EntryFacts) => string> = {
    REFUND: (facts) => `Die Erstattung${of(facts)} ist gescheitert, die Credits sind wieder gutgeschrieben`,
    DISPUTE: (facts) =>
      `Die Anfechtung${of(facts)} ist beendet und die Zahlung gültig, die Credits sind wieder gutgeschrieben`,
    CREDIT_NOTE: (facts) =>
      `Die Rechnungskorrektur${of(facts)} wurde storniert, die Credits sind wieder gutgeschrieben`,
  };
  return {
    EXPORT: ({ book, delta }) => ({
      label: "Export",
      description: delta === 0 ? `${book}, mit unbegrenzten Exporten` : book,
    }),
    HOLD: ({ book, held }) => ({ label: "Reserviert", description: `${book}: ${credits(held)}` }),
    HOLD_EXTENDED: ({ book }) => ({ label: "Reserviert", description: `${book}, der Export dauert länger` }),
    HOLD_RELEASED: ({ book, held }) => ({
      label: "Freigegeben",
      description: `${book} wurde nicht exportiert: ${credits(-held)} wieder verfügbar`,
    }),
    HOLD_EXPIRED: ({ book, held }) => ({
      label: "Freigegeben",
      description: `${book} wurde nicht rechtzeitig exportiert: ${credits(-held)} wieder verfügbar`,
    }),
    EXPORT_REFUND: ({ book, reason }) => ({
      label: "Export erstattet",
      description: `${book} wurde nicht exportiert: ${reason}`,
    }),
    PACK: ({ pack }) => ({
      label: "Kauf",
      description: pack === null ? "" : `${credits(pack.credits)} für ${money(pack.amount)}`,
    }),
    PLAN_PERIOD: (facts) => ({ label: "Abo", description: period(facts) }),
    PLAN_CHANGE: (facts) => ({ label: "Wechsel des Abos", description: period(facts) }),
    REVERSAL: (facts) => {
      const { label, verb } = facts.reversal === null ? unknown : reversed[facts.reversal.cause];
      const share = paidTogether(facts) === null ? "" : ". Derselbe Anteil der Credits des Zeitraums wurde abgezogen";
      return { label, description: `${payment(facts)} ${verb}${inPeriod(facts)}${share}` };
    },
    RESTORATION: (facts) => ({
      label: "Credits zurück",
      description:
        (facts.reversal === null
          ? "Eine Zahlung bleibt gültig, die Credits sind wieder gutgeschrieben"
          : restored[facts.reversal.cause](facts)) + inPeriod(facts),
    }),
    MANUAL: ({ delta, reason }) => ({ label: delta < 0 ? "Credits abgezogen" : "Gutschrift", description: reason }),
    UNLIMITED: () => ({ label: "Abo", description: "Unbegrenzte Exporte" }),
    UNLIMITED_ENDED: (facts) => ({
      label: "Abo",
      description:
        "Die unbegrenzten Exporte sind beendet" +
        (facts.reversal === null
          ? ""
          : `. Grund: ${payment(facts)} ${reversed[facts.reversal.cause].verb}${inPeriod(facts)}`),
    }),
    OTHER: ({ type, notes }) => ({ label: types[type], description: notes }),
  };
}
