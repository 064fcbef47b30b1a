/** A correction that was confirmed and whose outcome may not be known. */
export interface CorrectionAttempt {
  credits: number;
  reason: string;
  /** Identifies the attempt: a retry with the same key changes nothing again. */
  idempotencyKey: string;
}

/** The most credits that one correction adds or takes. */
export const MOST_CREDITS = 100_000;

/** Reads the credits of a correction; null for what is no valid number of them. */
export function readCredits(text: string): number | null {
  const credits = Number(text);
  return text.trim() !== "" && Number.isInteger(credits) && credits !== 0 && Math.abs(credits) <= MOST_CREDITS
    ? credits
    : null;
}

/** The reason why a correction cannot be made: it is no valid number, or takes more than is available. Null if it can. */
export function correctionProblem(text: string, available: number): "wrong" | "tooMuch" | null {
  const credits = readCredits(text);
  if (credits === null) return "wrong";
  return credits < 0 && -credits > Math.max(0, available) ? "tooMuch" : null;
}

/** Returns the attempt for these values: the last one if it was the same, so that a lost response doubles nothing. */
export function attemptFor(
  last: CorrectionAttempt | null,
  credits: number,
  reason: string,
  newKey: () => string,
): CorrectionAttempt {
  if (last?.credits === credits && last.reason === reason) return last;
  return { credits, reason, idempotencyKey: newKey() };
}
