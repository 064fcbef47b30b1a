import { de } from "./de";
import { en } from "./en";
import { formats } from "./formats";
import { pickLocale } from "./locale";

/** The locale of this page. Tests run outside of browsers, in English. */
export const locale = pickLocale(typeof navigator === "undefined" ? [] : navigator.languages);

/** Writes numbers, amounts and dates for this reader. */
export const format = formats(locale.tag);

/** Every text of the pages, in this reader's language. */
export const text = (locale.language === "de" ? de : en)(format);
