/** Credits that a pack may hold. */
export const FEWEST = 1;
export const MOST = 1000;

/** The number that somebody typed; null while it is none that can be bought. */
export function credits(typed: string): number | null {
  if (!/^\s*\d{1,4}\s*$/.test(typed)) return null;
  const number = Number(typed);
  return number >= FEWEST && number <= MOST ? number : null;
}

/** What to tell who typed something else; nothing while there is nothing to correct. */
export function complaint(typed: string): string | null {
  if (typed.trim() === "" || credits(typed) !== null) return null;
  return `Type a whole number from ${FEWEST} to ${MOST.toLocaleString("en-US")}.`;
}
