/** The texts of the home page in English. */
export const homeEn = {
  title: "Patch-Hive: credits for PatchBooks",
  heading: "Take your patches with you.",
  lead:
    "Design your rack in Patch-Hive, then export it as a PatchBook with every cable and every knob, ready for " +
    "the stage. An export costs a few credits. Get credits every month with a plan, or buy a pack when you need one.",
  plans: "See the plans",
  account: "Go to your account",
  signUp: "Sign up for free",
  facts: "How it works",
  credits: "Credits",
  creditsHeading: "Monthly, or by the pack",
  creditsText: "A plan adds credits every month, and a pack adds as many as you like. Credits never expire.",
  exports: "Exports",
  exportsHeading: "Charged once, whatever happens",
  exportsText: "If the connection drops, try again. The same export is never charged twice.",
  history: "History",
  historyHeading: "Nothing in the small print",
  historyText: "Each change of your balance is one line in your history, as it happens.",
};

/** The texts of the home page in German. */
export const homeDe: typeof homeEn = {
  title: "Patch-Hive: Credits für PatchBooks",
  heading: "Nimm deine Patches mit.",
  lead:
    "Entwirf dein Rack in Patch-Hive und exportiere es als PatchBook, mit jedem Kabel und jedem Regler, bereit für " +
    "die Bühne. Ein Export kostet ein paar Credits. Mit einem Abo bekommst du jeden Monat Credits, oder du kaufst " +
    "ein Paket, wenn du eins brauchst.",
  plans: "Zu den Abos",
  account: "Zu deinem Konto",
  signUp: "Kostenlos registrieren",
  facts: "So funktioniert es",
  credits: "Credits",
  creditsHeading: "Monatlich oder im Paket",
  creditsText: "Ein Abo bringt jeden Monat Credits, ein Paket so viele, wie du möchtest. Credits verfallen nie.",
  exports: "Exporte",
  exportsHeading: "Nur einmal berechnet, egal was passiert",
  exportsText: "Wenn die Verbindung abbricht, versuche es erneut. Derselbe Export wird nie doppelt berechnet.",
  history: "Verlauf",
  historyHeading: "Kein Kleingedrucktes",
  historyText: "Jede Änderung deines Guthabens erscheint sofort als eigene Zeile in deinem Verlauf.",
};
