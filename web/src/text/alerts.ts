import type { Formats, Money } from "./formats";

/** The texts of alerts in English. */
export function alertsEn({ number, money, day }: Formats) {
  const credits = (value: number) => `${number(value)} ${value === 1 ? "credit" : "credits"}`;
  return {
    title: "Alerts",
    lead: "Alerts appear here, and are mailed to you if your email is verified.",
    threshold: "Alert me when fewer credits are available than",
    on: (below: number) => `On: you are alerted below ${credits(below)}.`,
    off: "Off",
    wrong: (most: number) => `Enter a whole number from 1 to ${number(most)}.`,
    save: "Save alert",
    saved: "Saved.",
    turnOff: "Turn off",
    others: "Alert me also when",
    kinds: {
      EXPIRING_PLAN: "a canceled plan ends within three days",
      PAYMENT_FAILED: "a payment fails",
    },
    list: "Past alerts",
    more: "More alerts",
    lowBalance: (available: number, below: number) =>
      `${credits(available)} available, fewer than your threshold of ${number(below)}.`,
    expiringPlan: (tier: string, end: string) => `${tier} ends on ${day(end)}. You keep your credits.`,
    planFailed: (tier: string, amount: Money | null) =>
      amount === null ? `A payment for ${tier} failed.` : `A payment of ${money(amount)} for ${tier} failed.`,
    planUnconfirmed: (tier: string, amount: Money | null) =>
      `A payment${amount === null ? "" : ` of ${money(amount)}`} for ${tier} needs your confirmation.`,
    packFailed: (amount: Money | null) =>
      `A payment${amount === null ? "" : ` of ${money(amount)}`} for credits failed. Nothing was charged or added.`,
  };
}

/** The texts of alerts in German. */
export function alertsDe({ number, money, day }: Formats): ReturnType<typeof alertsEn> {
  const credits = (value: number) => `${number(value)} ${value === 1 ? "Credit" : "Credits"}`;
  return {
    title: "Benachrichtigungen",
    lead: "Sie erscheinen hier und kommen per E-Mail, wenn deine Adresse bestätigt ist.",
    threshold: "Benachrichtige mich, wenn weniger Credits verfügbar sind als",
    on: (below: number) => `An: Du wirst bei weniger als ${credits(below)} benachrichtigt.`,
    off: "Aus",
    wrong: (most: number) => `Gib eine ganze Zahl von 1 bis ${number(most)} ein.`,
    save: "Schwelle speichern",
    saved: "Gespeichert.",
    turnOff: "Ausschalten",
    others: "Benachrichtige mich auch, wenn",
    kinds: {
      EXPIRING_PLAN: "ein gekündigtes Abo in drei Tagen endet",
      PAYMENT_FAILED: "eine Zahlung fehlschlägt",
    },
    list: "Bisherige Benachrichtigungen",
    more: "Weitere Benachrichtigungen",
    lowBalance: (available: number, below: number) =>
      `Noch ${credits(available)} verfügbar, weniger als deine Schwelle von ${number(below)}.`,
    expiringPlan: (tier: string, end: string) => `${tier} endet am ${day(end)}. Deine Credits behältst du.`,
    planFailed: (tier: string, amount: Money | null) =>
      amount === null
        ? `Eine Zahlung für ${tier} ist fehlgeschlagen.`
        : `Eine Zahlung von ${money(amount)} für ${tier} ist fehlgeschlagen.`,
    planUnconfirmed: (tier: string, amount: Money | null) =>
      `Eine Zahlung${amount === null ? "" : ` von ${money(amount)}`} für ${tier} wartet auf deine Bestätigung.`,
    packFailed: (amount: Money | null) =>
      `Eine Zahlung${amount === null ? "" : ` von ${money(amount)}`} für Credits ist fehlgeschlagen. ` +
      "Nichts wurde abgebucht oder gutgeschrieben.",
  };
}
