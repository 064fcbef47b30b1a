import { format, locale } from "../text/current";
import { deskDe } from "../text/desk/de";
import { deskEn } from "../text/desk/en";

/** The texts of the desk, in this reader's language. */
export const desk = (locale.language === "de" ? deskDe : deskEn)(format);
