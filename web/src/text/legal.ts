/** A sentence with a link: the text before it, its label, and the text after it. */
export type LinkedSentence = readonly [before: string, label: string, after: string];

interface LegalTexts {
  /** The name of the list of links. */
  links: string;
  terms: string;
  privacy: string;
  accept: LinkedSentence;
  read: LinkedSentence;
}

/** The texts about terms and privacy in English. */
export const legalEn: LegalTexts = {
  links: "Legal",
  terms: "Terms of service",
  privacy: "Privacy policy",
  accept: ["By signing up, you agree to our ", "terms of service", "."],
  read: ["Read our ", "privacy policy", "."],
};

/** The texts about terms and privacy in German. */
export const legalDe: LegalTexts = {
  links: "Rechtliches",
  terms: "Nutzungsbedingungen",
  privacy: "Datenschutzerklärung",
  accept: ["Mit der Registrierung stimmst du unseren ", "Nutzungsbedingungen", " zu."],
  read: ["Lies unsere ", "Datenschutzerklärung", "."],
};
