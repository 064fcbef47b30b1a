/** The languages that the pages are written in. */
const LANGUAGES = ["en", "de"] as const;

export type Language = (typeof LANGUAGES)[number];

/** The language of the texts, and the locale that numbers, dates and amounts are written by. */
export interface Locale {
  language: Language;
  /** A BCP 47 tag of that language, with the reader's own region where the browser names one. */
  tag: string;
}

/** Picks the reader's first preferred language that the pages are written in; English when there is none. */
export function pickLocale(preferred: readonly string[]): Locale {
  for (const tag of preferred) {
    const language = LANGUAGES.find((language) => language === tag.toLowerCase().split("-")[0]);
    if (language !== undefined) return { language, tag };
  }
  return { language: "en", tag: "en-US" };
}
