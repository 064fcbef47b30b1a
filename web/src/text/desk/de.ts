import type { ReversalCause, Tier } from "../../desk/generated/graphql";
import type { Formats, Money } from "../formats";
import type { BalanceFacts, deskEn, EntryFacts } from "./en";

/** The texts of the desk for support in German. */
export function deskDe({ number, signed, money, day }: Formats): ReturnType<typeof deskEn> {
  const credits = (value: number) => `${number(value)} ${Math.abs(value) === 1 ? "Credit" : "Credits"}`;
  const balanceOf = ({ credits: all, held, available }: BalanceFacts) =>
    held === 0 ? credits(all) : `${credits(all)} (${number(held)} reserviert, ${number(available)} verfügbar)`;
  const tiers: Record<Tier, string> = { FREE: "Free", CORE: "Core", PRO: "Pro", STUDIO: "Studio" };
  const period = ({ period }: EntryFacts) =>
    period === null ? "ein Abo" : `${tiers[period.tier]}, Zeitraum bis ${day(period.end)}`;
  const pack = ({ pack }: EntryFacts) => (pack === null ? "" : `${credits(pack.credits)} für ${money(pack.amount)}`);
  const subject = (facts: EntryFacts) => {
    const amount = facts.reversal?.amount ?? null;
    return `${amount === null ? "" : `, ${money(amount)}`}: ${facts.pack === null ? period(facts) : pack(facts)}.`;
  };
  const reversed: Record<ReversalCause, string> = {
    REFUND: "Eine Zahlung wurde erstattet",
    DISPUTE: "Eine Zahlung wurde angefochten",
    CREDIT_NOTE: "Eine Zahlung wurde ohne Erstattung gutgeschrieben",
  };
  const restored: Record<ReversalCause, string> = {
    REFUND: "Eine Erstattung ist gescheitert",
    DISPUTE: "Eine Anfechtung ist beendet und die Zahlung gültig",
    CREDIT_NOTE: "Eine Rechnungskorrektur wurde storniert",
  };
  return {
    title: "Support",
    heading: "Support-Arbeitsplatz",
    lead: "Kunden finden, Guthaben erklären und sehen, was zu tun ist.",
    forbidden: "Diese Seite ist für Admins. Melde dich mit einem Konto an, das die Rolle Admin hat.",
    back: "Zurück zur Übersicht",
    newer: "Neuere",
    older: "Ältere",
    earlier: "Vorherige",
    later: "Nächste",
    pages: (list: string) => `Seiten: ${list}`,
    reload: "Neu laden",
    none: "Keine.",
    by: "Von",
    tiers,
    roles: { USER: "Kunde", SERVICE: "Dienst", ADMIN: "Admin" },
    find: {
      title: "Kunden finden",
      label: "E-Mail, Name oder Kennung",
      submit: "Suchen",
      none: "Kein Kunde passt dazu. Suchen lässt sich nach einem Teil der E-Mail oder des Namens, nach der Kennung (user_…) und nach den Stripe-Kennungen von Kunden (cus_…), Abos (sub_…), bezahlten Rechnungen (in_…), Zahlungen (pi_…) und Bezahlseiten (cs_…). Belastungen, Erstattungen, unbezahlte Rechnungen und Rechnungsnummern sind nicht gespeichert: Sieh bei Stripe nach, zu welchem Kunden sie gehören.",
      list: "Kunden",
      closed: "geschlossen",
      balance: (balance: BalanceFacts & { unlimited: boolean }) =>
        balance.unlimited ? "unbegrenzte Exporte" : balanceOf(balance),
    },
    customer: {
      missing: "Es gibt keinen Kunden mit dieser Kennung.",
      title: "Kunde",
      email: "E-Mail",
      verified: "bestätigt",
      unverified: "nicht bestätigt",
      id: "Kennung",
      role: "Rolle",
      since: "Kunde seit",
      stripe: "Stripe-Kunde",
      none: "Keiner",
      balance: "Guthaben",
      balanceOf,
      closed: (moment: string) =>
        `Geschlossen am ${day(moment)}. E-Mail und Namen wurden entfernt; die Credits lassen sich weder nutzen noch korrigieren.`,
      unlimited: (until: string | null) => `Unbegrenzte Exporte${until === null ? "" : ` bis ${day(until)}`}`,
      plan: "Abo",
      ended: (tier: string, end: string) => `${tier}, beendet mit dem Zeitraum bis ${day(end)}`,
      endedEarly: (tier: string) => `${tier}, beendet`,
      noPlan: "Kein Abo",
      period: (start: string, end: string) => `${day(start)} – ${day(end)}`,
      cancelAt: (moment: string) => `Endet am ${day(moment)}`,
      next: (tier: string) => `Wechselt im nächsten Zeitraum zu ${tier}`,
      open: (amount: Money) => `${money(amount)} unbezahlt`,
      subscription: "Stripe-Abo",
      statuses: {
        ACTIVE: "Aktiv",
        TRIALING: "Probezeit",
        PAST_DUE: "Überfällig",
        UNPAID: "Unbezahlt",
        PAUSED: "Pausiert",
        INCOMPLETE: "Erste Zahlung steht aus",
        INCOMPLETE_EXPIRED: "Nie bezahlt",
        CANCELED: "Beendet",
      },
    },
    correction: {
      title: "Credits korrigieren",
      credits: "Credits",
      creditsHint: "Eine negative Zahl zieht Credits ab, höchstens die verfügbaren.",
      reason: "Grund",
      reasonHint: "Der Kunde sieht ihn in seinem Verlauf.",
      problems: {
        wrong: () => "Gib eine ganze Zahl von −100.000 bis 100.000 ein, aber nicht 0.",
        tooMuch: (balance: BalanceFacts) =>
          `Mehr als verfügbar lässt sich nicht abziehen: Das Guthaben beträgt ${balanceOf(balance)}.`,
      },
      submit: "Prüfen",
      confirm: "Credits korrigieren?",
      add: (value: number, name: string) => `${name} erhält ${credits(value)}.`,
      take: (value: number, name: string) => `${name} verliert ${credits(value)}.`,
      because: (reason: string) => `Grund: ${reason}`,
      change: (before: number, after: number) => `${number(before)} → ${credits(after)}`,
      yes: "Credits korrigieren",
      no: "Zurück",
      done: (delta: number, balance: number) => `${signed(delta)}. Das Guthaben beträgt jetzt ${credits(balance)}.`,
    },
    ledger: {
      title: "Kontobuch",
      list: "Kontobuch",
      balance: (value: number) => `Guthaben ${number(value)}`,
      kinds: {
        EXPORT: "Export",
        EXPORT_REFUND: "Export erstattet",
        HOLD: "Credits reserviert",
        HOLD_EXTENDED: "Reservierung verlängert",
        HOLD_RELEASED: "Reservierung freigegeben",
        HOLD_EXPIRED: "Reservierung abgelaufen",
        PACK: "Credit-Paket",
        PLAN_PERIOD: "Abo",
        PLAN_CHANGE: "Wechsel des Abos",
        REVERSAL: "Credits zurückgebucht",
        RESTORATION: "Credits wiederhergestellt",
        MANUAL: "Korrektur",
        UNLIMITED: "Unbegrenzte Exporte",
        UNLIMITED_ENDED: "Unbegrenzte Exporte beendet",
        OTHER: "Sonstiges",
      },
      explanations: {
        EXPORT: ({ run }) => `Der Lauf ${run} wurde exportiert.`,
        EXPORT_REFUND: ({ run, reason }) => `Der Export des Laufs ${run} ist gescheitert: ${reason}`,
        HOLD: ({ run, held }) => `${credits(held)} sind für den Export des Laufs ${run} reserviert.`,
        HOLD_EXTENDED: ({ run }) => `Der Export des Laufs ${run} dauert länger.`,
        HOLD_RELEASED: ({ run, held }) => `Der Lauf ${run} wurde nicht exportiert: ${credits(-held)} wieder verfügbar.`,
        HOLD_EXPIRED: ({ run, held }) =>
          `Der Export des Laufs ${run} wurde nicht rechtzeitig fertig: ${credits(-held)} wieder verfügbar.`,
        PACK: (facts) => `Ein Paket wurde bezahlt: ${pack(facts)}.`,
        PLAN_PERIOD: (facts) => `Ein Zeitraum wurde bezahlt: ${period(facts)}.`,
        PLAN_CHANGE: (facts) => `Ein Wechsel innerhalb eines Zeitraums wurde bezahlt: ${period(facts)}.`,
        REVERSAL: (facts) =>
          `${facts.reversal === null ? "Eine Zahlung wurde erstattet, angefochten oder gutgeschrieben" : reversed[facts.reversal.cause]}${subject(facts)}`,
        RESTORATION: (facts) =>
          `${facts.reversal === null ? "Eine Zahlung bleibt gültig" : restored[facts.reversal.cause]}${subject(facts)}`,
        MANUAL: ({ reason }) => reason,
        UNLIMITED: () => "Sie haben begonnen, oder ihr Ende hat sich geändert.",
        UNLIMITED_ENDED: () => "Das Abo ist beendet, oder seine Zahlung wurde erstattet.",
        OTHER: ({ notes }) => notes,
      },
      invoice: "Rechnung",
    },
    payments: {
      title: "Credit-Pakete",
      list: "Credit-Pakete",
      pack: credits,
      refunded: (amount: Money) => `${money(amount)} erstattet`,
      refundUnderWay: "Erstattung läuft",
      refundPending: (amount: Money) => `${money(amount)} unterwegs, kann noch scheitern`,
      reversed: (value: number) => `${credits(value)} zurückgebucht`,
      statuses: {
        PENDING: "In Bearbeitung",
        SUCCEEDED: "Bezahlt",
        FAILED: "Gescheitert",
        PARTIALLY_REFUNDED: "Teilweise erstattet",
        REFUNDED: "Erstattet",
        DISPUTED: "Angefochten",
      },
    },
    topUps: {
      title: "Automatische Aufladungen",
      list: "Aufladungen",
      off: "Ausgeschaltet",
      on: (below: number, count: number, cap: Money) =>
        `Unter ${number(below)}: ${credits(count)} kaufen, höchstens ${money(cap)} im Monat`,
      paused: (reason: string, since: string) => `Angehalten seit ${day(since)}: ${reason}`,
      reasons: {
        ACTION_REQUIRED: "eine Zahlung muss bestätigt werden",
        DECLINED: "drei Zahlungen wurden abgelehnt",
        DISPUTED: "eine Zahlung wird angefochten",
        NO_CARD: "die Karte wurde entfernt",
        REFUNDED: "eine Zahlung wurde erstattet",
        REFUSED: "Stripe hat eine Abbuchung abgelehnt",
      },
      pack: credits,
      states: {
        PENDING: "Wird abgebucht",
        PROCESSING: "In Bearbeitung",
        ACTION_REQUIRED: "Muss bestätigt werden",
        PAID: "Bezahlt",
        FAILED: "Nicht abgebucht",
      },
    },
    invoices: {
      title: "Rechnungen",
      list: "Rechnungen",
      statuses: { OPEN: "Offen", PAID: "Bezahlt", VOID: "Storniert", UNCOLLECTIBLE: "Nicht bezahlt" },
    },
    actions: {
      title: "Änderungen durch Admins",
      list: "Änderungen",
      kinds: {
        GRANT_CREDITS: "Credits gutgeschrieben",
        ADJUST_CREDITS: "Credits korrigiert",
        REFUND_EXPORT: "Export erstattet",
        REPLAY_WEBHOOK_EVENT: "Webhook-Ereignis wiederholt",
        CREATE_EVENT_ENDPOINT: "Endpunkt für Ereignisse angelegt",
        UPDATE_EVENT_ENDPOINT: "Endpunkt für Ereignisse geändert",
        DELETE_EVENT_ENDPOINT: "Endpunkt für Ereignisse gelöscht",
        REDELIVER_EVENT: "Ereignis erneut gesendet",
      },
      change: (delta: number, reason: string) => `${signed(delta)} – ${reason}`,
    },
    events: {
      title: "Webhook-Ereignisse",
      list: "Webhook-Ereignisse",
      filter: "Status",
      all: "Alle",
      statuses: {
        RECEIVED: "Empfangen",
        APPLIED: "Angewendet",
        IGNORED: "Ignoriert",
        WAITING: "Wartet",
        FAILED: "Gescheitert",
      },
      attempts: (value: number) => (value === 1 ? "1 Versuch" : `${number(value)} Versuche`),
      waitsFor: (subject: string) => `Wartet auf ${subject} und wird danach automatisch angewendet`,
      replay: "Wiederholen",
      replayOf: (id: string) => `${id} wiederholen`,
      replayed: (id: string, status: string) => `${id} wurde wiederholt: ${status}.`,
      replayFailed: (id: string, error: string) => `${id} wurde wiederholt und ist wieder gescheitert: ${error}`,
      replayWaits: (id: string, subject: string) =>
        `${id} wurde wiederholt. Es wartet auf ${subject} und wird danach automatisch angewendet.`,
    },
    refused: {
      title: "Von Stripe abgelehnt",
      list: "Abgelehnte Vorgänge",
      kinds: {
        CUSTOMER: "Kunden anlegen",
        CHECKOUT: "Bezahlseite für ein Abo",
        PURCHASE: "Bezahlseite für ein Credit-Paket",
        DUPLICATE: "Zweites Abo",
        SUBSCRIPTION_CHANGE: "Wechsel des Abos",
        TOP_UP: "Automatische Aufladung",
      },
      remedies: {
        DECIDE_DUPLICATE:
          "Zwei Abos sind bezahlt, und das neuere hat sich verlängert. Frage den Kunden, welches bleiben soll; kündige das andere bei Stripe und erstatte es.",
        REFUND_DUPLICATE:
          "Das zweite Abo ist beendet, aber seine Zahlung ließ sich nicht erstatten. Erstatte sie auf einem anderen Weg.",
        AWAIT_DISPUTE:
          "Das zweite Abo ist beendet, und seine Zahlung ist angefochten: Die Anfechtung holt das Geld zurück. Erstatte nichts, sonst bekommt der Kunde das Geld zweimal. Warte den Ausgang ab, und erstatte nur, wenn du die Anfechtung gewinnst.",
        CHECK_SETTINGS:
          "Es wurde nichts geöffnet, und der Kunde sah einen Fehler. Falls es wieder geschieht, prüfe bei Stripe den Schlüssel, die Preise und die Zahlungsmittel.",
        REVIEW_SUBSCRIPTION:
          "Das Abo hat sich nicht geändert, und der Kunde sah den Grund. Sieh dir das Abo bei Stripe an, falls der Kunde den Wechsel nicht wiederholen kann.",
        REVIEW_TOP_UP:
          "Es wurde nichts abgebucht, und das automatische Aufladen des Kunden ist angehalten. Sieh dir den Fehler und den Kunden bei Stripe an; mit Stripe Tax braucht der Kunde eine Adresse.",
      },
    },
    tasks: {
      attention: "Zu beachten: scheiternde Aufgaben",
      failed: "Scheiternde Aufgaben",
      failedLead: "Sie werden automatisch wiederholt. Die ältesten zuerst.",
      failedList: "Scheiternde Aufgaben",
      overdue: "Überfällige Aufgaben",
      overdueLead: "Jede davon bedeutet, dass die Bearbeitung nicht nachkommt. Die am längsten überfälligen zuerst.",
      overdueList: "Überfällige Aufgaben",
      kinds: {
        EVENT: "Webhook-Ereignis anwenden",
        LOOK: "Von Stripe lesen",
        OPERATION: "Vorgang bei Stripe abschließen",
        DUPLICATE: "Zweites Abo beenden",
        OPEN_INVOICE: "Offene Rechnungen eines beendeten Abos stornieren",
        UNLIMITED: "Unbegrenzte Exporte beenden",
        HOLD: "Abgelaufene Reservierung beenden",
        ALERT: "Über das Ende eines Abos benachrichtigen",
        TOP_UP: "Credits automatisch aufladen",
        CUSTOMER: "Kunden bei Stripe aktualisieren",
        MAIL: "E-Mail senden",
        RELAY: "Ereignisse für andere Dienste erzeugen",
        DELIVERY: "Ereignisse an einen Endpunkt senden",
        RECONCILE: "Mit Stripe vergleichen",
        PRUNE: "Alte Zeilen löschen",
      },
      since: "Seit",
      due: "Fällig",
    },
  };
}
