import { text } from "../text/current";

/** Texts for rules without limits, by their names. */
const RULES: Record<string, string> = {
  REQUIRED: text.failures.rules.required,
  CHARACTERS: text.failures.rules.characters,
  WRONG_PASSWORD: text.access.wrongPassword,
  INVALID_LINK: text.access.linkInvalid,
};

/** The rules whose text depends on the argument. */
const OF_EMAIL: Record<string, string> = {
  FORMAT: text.failures.rules.email,
  TAKEN: text.failures.rules.emailTaken,
  UNCHANGED: text.failures.rules.emailUnchanged,
};

/** The text for the rule that an argument violates; undefined if the pages have none, and the API's own message is shown. */
export function ruleText(extensions: Record<string, unknown>): string | undefined {
  const { rule, field, min, max } = extensions;
  if (typeof rule !== "string") return undefined;
  if (field === "input.email" && rule in OF_EMAIL) return OF_EMAIL[rule];
  if (typeof min === "number" && typeof max === "number") {
    if (rule === "RANGE") return text.failures.rules.range(min, max);
    if (rule === "LENGTH") return text.failures.rules.length(min, max);
  }
  return RULES[rule];
}
