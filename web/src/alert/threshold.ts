/** The largest threshold that the API takes. */
export const MOST = 1_000_000;

/** Reads a threshold that was typed; null if it is not a whole number within the limits. */
export function threshold(typed: string): number | null {
  const text = typed.trim();
  if (!/^\d+$/.test(text)) return null;
  const value = Number(text);
  return value >= 1 && value <= MOST ? value : null;
}
