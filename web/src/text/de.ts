import type {
  ChangeType,
  PaymentFailureReason,
  PaymentStatus,
  PlanChangeUnavailableReason,
  SubscriptionStatus,
} from "../generated/graphql";
import { accessDe } from "./access";
import { alertsDe } from "./alerts";
import { billingDe } from "./billing";
import type { Texts } from "./en";
import { entriesDe } from "./entries";
import { exportingDe } from "./exporting";
import { featuresDe } from "./features";
import type { Formats, Money } from "./formats";
import { homeDe } from "./home";
import { legalDe } from "./legal";
import { profileDe } from "./profile";
import { topUpsDe } from "./topUps";

/** The texts in German. */
export function de(formats: Formats): Texts {
  const { number, signed, money, day, minute } = formats;
  const count = (value: number, one: string, many: string) => `${number(value)} ${Math.abs(value) === 1 ? one : many}`;
  const credits = (value: number) => count(value, "Credit", "Credits");
  const exports = (value: number) => count(value, "Export", "Exporte");
  return {
    credits,
    exports,
    tryAgain: "Erneut versuchen",
    close: "Schließen",
    pleaseWait: "bitte warten",
    title: (page: string) => `${page} – Patch-Hive`,

    frame: {
      skip: "Zum Inhalt springen",
      pages: "Hauptmenü",
      pricing: "Preise",
      credits: "Credits",
      account: "Konto",
      desk: "Support",
      logIn: "Anmelden",
      signUp: "Registrieren",
      logOut: "Abmelden",
      yourBalance: "Dein Guthaben:",
      stripe: "Zahlungen werden über Stripe abgewickelt. Die Preise sind in US-Dollar.",
      history: "Jede Änderung deines Guthabens steht in deinem Verlauf.",
      offline:
        "Du bist offline. Die Anzeige ist möglicherweise veraltet. Sobald du wieder online bist, wird sie aktualisiert.",
      reconnecting: "Verbindung wird wiederhergestellt. Die Anzeige ist möglicherweise nicht mehr ganz aktuell.",
      states: { idle: "Wird verbunden", live: "Live", connecting: "Wird verbunden", offline: "Offline" },
    },

    legal: legalDe,

    home: homeDe,

    notFound: {
      title: "Seite nicht gefunden",
      lead: "Vielleicht ist die Adresse falsch geschrieben, oder die Seite wurde verschoben.",
      home: "Zur Startseite",
    },

    failures: {
      unreachable: "Patch-Hive ist nicht erreichbar. Prüfe deine Verbindung und versuche es erneut.",
      loggedOut: "Du bist abgemeldet.",
      paymentsDisabled: "Zahlungen sind zurzeit deaktiviert.",
      stripeUnavailable: "Stripe antwortet nicht. Es wurde nichts doppelt berechnet. Versuche es erneut.",
      rateLimited: "Zu viele Anfragen. Warte einen Moment und versuche es dann erneut.",
      unavailable: "Patch-Hive ist gerade ausgelastet. Versuche es gleich noch einmal.",
      internal: "Bei uns ist etwas schiefgegangen. Versuche es erneut.",
      mailDisabled: "Auf diesem Server ist kein E-Mail-Versand eingerichtet, deshalb kann kein Link verschickt werden.",
      requestId: (id: string) => `Falls das wieder passiert, schicke diese Kennung an den Support: ${id}`,
      rules: {
        required: "Es fehlt eine Angabe.",
        characters: "Zeilenumbrüche und andere Steuerzeichen sind nicht möglich.",
        range: (min: number, max: number) => `Gib eine Zahl von ${String(min)} bis ${String(max)} ein.`,
        length: (min: number, max: number) =>
          `Verwende ${String(min)} bis ${String(max)} Zeichen, oder weniger, wenn auch andere als einfache Buchstaben darunter sind.`,
        email: "Gib eine vollständige E-Mail-Adresse ein.",
        emailTaken: "Diese E-Mail-Adresse ist schon registriert. Melde dich stattdessen an.",
        emailUnchanged: "Das ist schon deine E-Mail-Adresse.",
      },
    },

    session: {
      email: "E-Mail-Adresse",
      password: "Passwort",
      name: "Name",
      nameHint: "Wird anderen angezeigt.",
      passwordHint: "Mindestens 8 Zeichen.",
      passwordTooShort: "Verwende mindestens 8 Zeichen.",
      passwordTooLong: "Verwende höchstens 72 Zeichen, mit Umlauten oder Emojis entsprechend weniger.",
      wrong: "Die E-Mail-Adresse oder das Passwort ist falsch.",
      logIn: "Anmelden",
      signUp: "Registrieren",
      free: "Ein Konto ist kostenlos. Du brauchst dafür keine Karte.",
      isNew: "Neu bei Patch-Hive?",
      isKnown: "Hast du schon ein Konto?",
      toSubscribe: (tier: string) =>
        `Um ${tier} zu abonnieren, melde dich an oder registriere dich. Direkt danach öffnet sich die Zahlungsseite.`,
      toPurchase: (credits: string) =>
        `Um ${credits} zu kaufen, melde dich an oder registriere dich. Direkt danach öffnet sich die Zahlungsseite.`,
      expired: "Melde dich an, um fortzufahren",
      expiredText: "Deine Sitzung ist abgelaufen. Melde dich erneut an, um dort weiterzumachen, wo du aufgehört hast.",
      logOutInstead: "Stattdessen abmelden",
    },

    access: accessDe,
    alerts: alertsDe(formats),
    profile: profileDe,
    account: { title: "Konto", heading: "Dein Konto" },

    balance: {
      title: "Guthaben",
      unit: "Credits",
      unlimitedUnit: "unbegrenzte Exporte",
      unlimited: (until: string | null, balance: number) =>
        `Exporte sind ${until === null ? "" : `bis ${day(until)} `}unbegrenzt.` +
        (balance > 0 ? ` Sie verbrauchen dein Guthaben von ${credits(balance)} nicht.` : ""),
      unlimitedSpoken: "unbegrenzt",
      negative: "Dein Guthaben ist negativ; den Grund zeigt der Verlauf. Neue Credits werden damit verrechnet.",
      none: "Nicht genug Credits für einen Export.",
      enough: (left: number) => `Genug für ${exports(left)}.`,
      held: (value: number) => `${credits(value)} für laufende Exporte reserviert.`,
      add: "Credits kaufen",
    },

    tiers: { FREE: "Free", CORE: "Core", PRO: "Pro", STUDIO: "Studio" },

    tax: { EXCLUSIVE: "zzgl. Steuern", INCLUSIVE: "inkl. Steuern" },

    features: featuresDe,

    plans: {
      title: "Preise",
      heading: "Wähle deine Spannung",
      lead: "Jedes Abo enthält auch alles aus dem nächstkleineren.",
      rollOver: "Nicht verbrauchte Credits bleiben erhalten.",
      rollOverText: "Sie verfallen nie, und du behältst sie auch, wenn dein Abo endet.",
      needMore: "Brauchst du mehr Credits?",
      needMoreText: "Kaufe ein Paket in beliebiger Größe, mit oder ohne Abo.",
      buyCredits: "Credits kaufen",
      loading: (tier: string) => `${tier} wird geladen`,
      aMonth: "pro Monat",
      unlimited: "Unbegrenzte Exporte",
      monthly: (value: number) => `${credits(value)} pro Monat`,
      noMonthly: "Credits im Paket",
      about: (value: number) => `etwa ${exports(value)}`,
      each: (price: Money) => `${money(price)} pro Credit`,
      includes: (tier: string) => `Alles aus ${tier}, außerdem:`,
      yours: "Dein Abo",
      next: "Dein nächstes Abo",
      best: "Niedrigster Preis pro Credit",
      signUp: "Registrieren",
      cancel: "Abo kündigen",
      account: "Zu deinem Konto",
      unpaid: "Zahlung ausstehend",
      later: (end: string) =>
        `Ein Upgrade ist nach dem ${day(end)} möglich: Eine Zahlung für den aktuellen Zeitraum wurde erstattet oder angefochten.`,
      actions: { subscribe: "Abonnieren", upgrade: "Upgrade", downgrade: "Downgrade" },
      to: (tier: string) => `(${tier})`,
      notSelling: "Zahlungen sind zurzeit deaktiviert. Deine Credits kannst du weiterhin für Exporte verwenden.",
    },

    planChange: {
      upgradeTo: (tier: string) => `Upgrade auf ${tier}`,
      downgradeTo: (tier: string) => `Downgrade auf ${tier}`,
      dueNow: "Jetzt fällig",
      creditsNow: "Sofort gutgeschrieben",
      unlimited: "unbegrenzte Exporte",
      effective: "Gilt ab",
      immediately: "sofort",
      nextInvoice: "Nächste Rechnung",
      amountOn: (amount: Money, moment: string) => `${money(amount)} am ${day(moment)}`,
      noSubscription: "Du hast kein Abo mehr, das geändert werden könnte.",
      pay: (amount: Money) => `${money(amount)} bezahlen und wechseln`,
      upgrade: "Upgrade",
      keep: (tier: string) => `${tier} behalten`,
      unavailable: {
        RENEWING: (moment) => `Dein Abo verlängert sich gleich. Du kannst es ab ${minute(moment)} wechseln.`,
        UNPAID: (moment) =>
          `Der aktuelle Abrechnungszeitraum wurde nicht bezahlt. Du kannst das Abo nach dem ${day(moment)} wechseln.`,
        REFUNDED: (moment) =>
          "Eine Zahlung für den aktuellen Abrechnungszeitraum wurde erstattet oder angefochten. " +
          `Du kannst das Abo nach dem ${day(moment)} wechseln.`,
      } satisfies Record<PlanChangeUnavailableReason, (availableAt: string) => string>,
      paymentFailed: {
        DECLINED: (code) =>
          code === "authentication_required"
            ? "Deine Bank verlangt, dass du die Zahlung bestätigst. Danach wechselt dein Abo."
            : `Die Zahlung wurde abgelehnt${code === null ? "" : ` (${code})`}. An deinem Abo hat sich nichts geändert.`,
        PAST_DUE: () => "Eine frühere Zahlung ist überfällig. Bezahle sie zuerst.",
        PAYMENT_METHOD: () =>
          "Deine Zahlungsart unterstützt keine sofortigen Zahlungen. Wähle unter „Karten und Rechnungen“ eine andere.",
      } satisfies Record<PaymentFailureReason, (declineCode: string | null) => string>,
      otherCard: "Mit einer anderen Karte bezahlen",
      pending: "Ein früherer Versuch für dieses Upgrade wartet noch auf die Zahlung. Danach wechselt dein Abo.",
      finish: "Zahlung abschließen",
      startOver: "Mit neuer Rechnung beginnen",
      confirm: "Zahlung bestätigen",
    },

    subscription: {
      title: "Abo",
      none: "Kein Abo",
      free: "Demo-PatchBooks, Patch- und Rack-Exporte, Community-Funktionen und die Modulbibliothek sind kostenlos.",
      ended: (tier: string) => `Dein ${tier}-Abo ist beendet. Deine Credits behältst du.`,
      freeLead: "Ein Abo bringt jeden Monat Credits, und nicht verbrauchte Credits bleiben erhalten.",
      plans: "Zu den Abos",
      statuses: {
        ACTIVE: "Aktiv",
        TRIALING: "Testphase",
        PAST_DUE: "Überfällig",
        UNPAID: "Unbezahlt",
        PAUSED: "Pausiert",
        INCOMPLETE: "Erste Zahlung ausstehend",
        INCOMPLETE_EXPIRED: "Nie bezahlt",
        CANCELED: "Beendet",
      } satisfies Record<SubscriptionStatus, string>,
      canceled: "Gekündigt",
      period: "Aktueller Zeitraum",
      unpaidPeriod: "Aktueller Zeitraum, nicht bezahlt",
      next: "Als Nächstes",
      range: (start: string, end: string) => `${day(start)} – ${day(end)}`,
      ends: (end: string) => `Endet am ${day(end)}. Bis dahin behältst du das Abo, deine Credits auch danach.`,
      endsUnpaid: (end: string) => `Endet am ${day(end)}. Deine Credits behältst du.`,
      changes: (tier: string, moment: string) => `Wechselt am ${day(moment)} zu ${tier}.`,
      renews: (moment: string) => `Verlängert sich am ${day(moment)}.`,
      pastDue:
        "Die letzte Zahlung ist fehlgeschlagen. Bezahle jetzt oder aktualisiere deine Karte, um das Abo zu behalten.",
      unconfirmed: "Die Zahlung für die Verlängerung wartet auf deine Bestätigung: Deine Bank verlangt sie.",
      exportsCost: "Bis sie bezahlt ist, kosten Exporte Credits.",
      returned: (returned: Money, paid: Money) =>
        returned.amount < paid.amount
          ? `Von den ${money(paid)} für den aktuellen Zeitraum wurden ${money(returned)} erstattet oder angefochten.`
          : `Die ${money(paid)} für den aktuellen Zeitraum wurden erstattet oder angefochten.`,
      unlimitedEnded:
        "Das ist mehr als ein Drittel. Deshalb kosten Exporte Credits, bis ein neuer Zeitraum bezahlt ist.",
      upgradeLater: (end: string) => `Ein Upgrade ist nach dem ${day(end)} möglich.`,
      isOpen: (amount: Money) => `Offen: ${money(amount)}.`,
      isRetried: (amount: Money, moment: string) =>
        `Offen: ${money(amount)}. Der nächste Versuch ist am ${day(moment)}.`,
      unpaid:
        "Die letzte Zahlung ist fehlgeschlagen und wird nicht erneut versucht. " +
        "Bezahle die offene Rechnung, um das Abo wieder zu aktivieren.",
      paused: "Die Testphase ist vorbei. Füge eine Karte hinzu, um das Abo fortzusetzen.",
      incomplete: "Die erste Zahlung ist nicht abgeschlossen. Das Abo beginnt, sobald sie eingegangen ist.",
      updateCard: "Karte aktualisieren",
      resume: (tier: string) => `${tier} fortsetzen`,
      keep: (tier: string) => `${tier} behalten`,
      change: "Abo wechseln",
      billing: "Karten und Rechnungen",
      cancel: "Abo kündigen",
    },

    cancellation: {
      title: (tier: string) => `${tier} kündigen?`,
      paid: (tier: string, end: string) =>
        `Du behältst ${tier} bis zum ${day(end)}, dem Ende des Zeitraums, den du bezahlt hast.`,
      trial: (tier: string, end: string) => `Du behältst ${tier}, bis deine Testphase am ${day(end)} endet.`,
      unpaid: (tier: string, end: string) =>
        `${tier} endet am ${day(end)}. ` +
        "Die Zahlung für den aktuellen Abrechnungszeitraum ist fehlgeschlagen und weiterhin fällig.",
      ends: (tier: string, end: string) => `${tier} endet am ${day(end)}.`,
      after:
        "Danach wird dir nichts mehr berechnet, und es kommen keine Credits mehr hinzu. " +
        "Alle vorhandenen Credits behältst du.",
      keep: (tier: string) => `${tier} behalten`,
      cancel: "Abo kündigen",
    },

    checkout: {
      confirming: "Deine Zahlung wird geprüft.",
      confirmingText: "Das dauert einen Moment.",
      received: "Zahlung eingegangen.",
      begins: (tier: string) => `${tier} beginnt gleich.`,
      open: "Dieser Bezahlvorgang ist nicht bezahlt. Dir wurde nichts berechnet.",
      continue: "Weiter zur Zahlung",
      expired: "Dieser Bezahlvorgang ist abgelaufen. Dir wurde nichts berechnet.",
      failed: "Die Zahlung ist fehlgeschlagen. Dir wurde nichts berechnet, und nichts wurde gutgeschrieben.",
      processing: "Deine Zahlung wird verarbeitet.",
      processingPlan: (tier: string) =>
        `${tier} beginnt, sobald die Zahlung eingegangen ist. Zahlungen vom Bankkonto können einige Tage dauern.`,
      processingPack: (value: number) =>
        `${credits(value)} ${value === 1 ? "wird" : "werden"} gutgeschrieben, sobald die Zahlung eingegangen ist. ` +
        "Zahlungen vom Bankkonto können einige Tage dauern.",
      onPlan: (tier: string) => `Du hast jetzt ${tier}.`,
      arrived: (value: number) => `${credits(value)} gutgeschrieben.`,
      thanks: "Vielen Dank.",
      leftUnpaid: "Du hast den Bezahlvorgang verlassen. Dir wurde nichts berechnet.",
      left:
        "Du hast den Bezahlvorgang verlassen. " +
        "Falls du bezahlt hast, erscheint dein Kauf in deinem Konto, sobald die Zahlung bestätigt ist.",
      alreadySubscribed: "Du hast schon ein Abo. Du kannst es auf der Preisseite wechseln.",
    },

    packs: {
      title: "Credits kaufen",
      lead: "Credits verfallen nie, und du brauchst kein Abo.",
      label: "Credits",
      slider: "Credits (Schieberegler)",
      hint: (fewest: number, most: number) => `Von ${number(fewest)} bis ${credits(most)}.`,
      fewer: (value: number, amount: Money) => `Weniger als ${number(value)} kosten ebenfalls ${money(amount)}.`,
      wrong: (fewest: number, most: number) => `Gib eine ganze Zahl von ${number(fewest)} bis ${number(most)} ein.`,
      price: "Preis",
      each: (value: number, price: Money) => `${credits(value)} zu je ${money(price)}`,
      minimum: (amount: Money, most: number) =>
        `Pakete kosten mindestens ${money(amount)}: ${credits(most)} kosten genauso viel.`,
      about: (value: number) => `etwa ${exports(value)}`,
      owed: (value: number) => `Dein Guthaben ist ${number(-value)}. Neue Credits werden zuerst damit verrechnet.`,
      offset: (value: number, left: number) =>
        `Dein Guthaben ist ${number(-value)} und beträgt nach diesem Kauf ${number(left)}.`,
      submit: "Weiter zur Zahlung",
      tip: "Tipp",
      tipTitle: "Brauchst du jeden Monat Credits?",
      tipBest: (tier: string, price: Money, value: number) =>
        `Mit ${tier} kostet ein Credit ${money(price)}, und jeden Monat kommen ${number(value)} dazu.`,
      tipUnlimited: (tier: string) => `${tier} enthält unbegrenzte Exporte.`,
      plans: "Zu den Abos",
    },

    billing: billingDe(formats),
    topUps: topUpsDe(formats),

    payments: {
      title: "Credit-Pakete",
      caption: "Zahlungen für Credit-Pakete, neueste zuerst",
      date: "Datum",
      pack: "Paket",
      amount: "Betrag",
      status: "Status",
      statuses: {
        PENDING: "In Bearbeitung",
        SUCCEEDED: "Bezahlt",
        FAILED: "Fehlgeschlagen",
        PARTIALLY_REFUNDED: "Teilweise erstattet",
        REFUNDED: "Erstattet",
        DISPUTED: "Angefochten",
      } satisfies Record<PaymentStatus, string>,
      pending:
        "Die Credits werden gutgeschrieben, sobald die Zahlung eingegangen ist. " +
        "Zahlungen vom Bankkonto können einige Tage dauern.",
      refunded: (amount: Money) => `${money(amount)} erstattet`,
      refundUnderWay: "Erstattung läuft",
      refundPending: (amount: Money) => `${money(amount)} sind unterwegs zu dir. Das kann einige Tage dauern.`,
      more: "Mehr anzeigen",
    },

    exporting: exportingDe(formats, credits),

    history: {
      title: "Verlauf",
      show: "Anzeigen",
      all: "Alle Änderungen",
      pages: "Seiten des Verlaufs",
      newer: "Neuere",
      older: "Ältere",
      caption: "Änderungen des Guthabens, neueste zuerst",
      date: "Datum",
      description: "Beschreibung",
      credits: "Credits",
      balance: "Stand",
      empty: "Noch keine Änderungen.",
      emptyFilter: "Keine Änderungen dieser Art.",
      entries: entriesDe(formats),
      filters: {
        PURCHASE: "Käufe",
        SPEND: "Exporte",
        GRANT: "Gutschriften",
        REFUND: "Erstattungen",
        HOLD: "Reservierungen",
        RELEASE: "Freigaben",
      } satisfies Record<ChangeType, string>,
      chartEmpty: "Noch keine Änderungen",
      chartCaption: (changes: number, since: string) =>
        `${changes === 1 ? "Letzte Änderung" : `Letzte ${number(changes)} Änderungen`}, seit ${day(since)}`,
      chartBalance: (balance: number, moment: string) => `${minute(moment)}: ${credits(balance)}`,
      chartChange: (delta: number, moment: string) => `${minute(moment)}: ${signed(delta)} Credits`,
      usageDay: (day: string, value: number, spent: number) => `${day}: ${exports(value)}, ${credits(spent)}`,
      usageCaption: (days: number) =>
        `Exporte ${days === 1 ? "am letzten Tag" : `in den letzten ${number(days)} Tagen`}, nach Tagen`,
      usageSummary: (value: number, spent: number, days: number) =>
        `${exports(value)} für ${credits(spent)} ${days === 1 ? "am letzten Tag" : `in den letzten ${number(days)} Tagen`}.`,
      chartSummary: (changes: number, from: number, to: number, highest: number) =>
        `Guthaben über die ${changes === 1 ? "letzte Änderung" : `letzten ${number(changes)} Änderungen`}: ` +
        `von ${number(from)} auf ${credits(to)}, Höchststand ${number(highest)}.`,
    },
  };
}
