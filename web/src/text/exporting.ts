import type { Formats, Money } from "./formats";

/** The texts of exports in English. */
export function exportingEn({ number, money }: Formats, credits: (value: number) => string) {
  return {
    title: "Export a PatchBook",
    cost: (value: number) => (value === 0 ? "Exports are free." : `An export costs ${credits(value)}.`),
    once:
      "If the connection drops, try again: the same attempt is never charged twice. " +
      "Once it is done, another click is another export, and is charged.",
    patchBook: "PatchBook",
    submit: "Export PatchBook",
    reserving: "Reserving credits…",
    running: (value: number) => (value === 0 ? "Exporting…" : `Exporting, with ${credits(value)} reserved…`),
    ended: "The reservation has ended without a charge. Start the export again.",
    open: "Exports in progress",
    reservedUntil: (value: number, moment: string) =>
      value === 0 ? `in progress until ${moment}` : `${credits(value)} reserved until ${moment}`,
    finish: "Finish export",
    release: "Release credits",
    empty: "The ticket of your export appears here.",
    ticket: "Export ticket",
    number: "No.",
    free: "Unlimited exports: no credits charged",
    charged: (value: number) => `${credits(value)} charged`,
    replayed: (value: number) => `${credits(value)} charged earlier, and not again`,
    copy: "Copy ticket",
    copied: "Copied",
    validUntil: (moment: string) => `Valid until ${moment}`,
    missing: (value: number) => `${credits(value)} missing.`,
    required: (required: number, available: number) =>
      `An export costs ${number(required)}, and you have ${number(available)}.`,
    oneTime: (value: number) => `${value === 1 ? "credit" : "credits"}, one time`,
    monthly: "credits a month",
    unlimited: "unlimited exports",
    buyFor: (amount: Money) => `Buy for ${money(amount)}`,
    planFor: (tier: string, amount: Money) => `${tier}, ${money(amount)} a month`,
  };
}

/** The texts of exports in German. */
export function exportingDe({ number, money }: Formats, credits: (value: number) => string) {
  return {
    title: "Ein PatchBook exportieren",
    cost: (value: number) => (value === 0 ? "Exporte sind kostenlos." : `Ein Export kostet ${credits(value)}.`),
    once:
      "Wenn die Verbindung abbricht, versuche es erneut: Derselbe Versuch wird nie doppelt berechnet. " +
      "Ist er abgeschlossen, startet ein weiterer Klick einen neuen Export, der wieder berechnet wird.",
    patchBook: "PatchBook",
    submit: "PatchBook exportieren",
    reserving: "Credits werden reserviert …",
    running: (value: number) =>
      value === 0 ? "Der Export läuft …" : `Der Export läuft, ${credits(value)} sind dafür reserviert …`,
    ended: "Die Reservierung ist abgelaufen, und nichts wurde berechnet. Starte den Export erneut.",
    open: "Laufende Exporte",
    reservedUntil: (value: number, moment: string) =>
      value === 0 ? `läuft bis ${moment}` : `${credits(value)} bis ${moment} reserviert`,
    finish: "Export abschließen",
    release: "Credits freigeben",
    empty: "Hier erscheint das Ticket für deinen Export.",
    ticket: "Export-Ticket",
    number: "Nr.",
    free: "Unbegrenzte Exporte: keine Credits berechnet",
    charged: (value: number) => `${credits(value)} berechnet`,
    replayed: (value: number) => `${credits(value)} schon früher berechnet, nicht erneut`,
    copy: "Ticket kopieren",
    copied: "Kopiert",
    validUntil: (moment: string) => `Gültig bis ${moment}`,
    missing: (value: number) => `Es ${value === 1 ? "fehlt" : "fehlen"} ${credits(value)}.`,
    required: (required: number, available: number) =>
      `Ein Export kostet ${credits(required)}, und du hast ${number(available)}.`,
    oneTime: (value: number) => `${value === 1 ? "Credit" : "Credits"}, einmalig`,
    monthly: "Credits pro Monat",
    unlimited: "unbegrenzte Exporte",
    buyFor: (amount: Money) => `Für ${money(amount)} kaufen`,
    planFor: (tier: string, amount: Money) => `${tier}, ${money(amount)} pro Monat`,
  };
}
