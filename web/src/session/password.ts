import { text } from "../text/current";

/** Bytes that the API accepts. bcrypt ignores what comes after the 72nd. */
const FEWEST = 8;
const MOST = 72;

/** Says what is wrong with a new password; empty when it can be used. */
export function passwordProblem(password: string): string {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes < FEWEST) return text.session.passwordTooShort;
  if (bytes > MOST) return text.session.passwordTooLong;
  return "";
}
