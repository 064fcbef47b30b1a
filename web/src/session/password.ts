/** Bytes that the gateway takes: no fewer for safety, and no more since bcrypt would ignore them. */
const FEWEST = 8;
const MOST = 72;

/** What is wrong with a new password, as a sentence; nothing when it will do. */
export function passwordProblem(password: string): string {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes < FEWEST) return "Take at least 8 characters.";
  if (bytes > MOST) return "Take at most 72 characters, fewer if some are not plain letters.";
  return "";
}
