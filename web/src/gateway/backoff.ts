/** The longest pause before a reconnect, in milliseconds. */
const LONGEST = 15_000;

/**
 * The pause before a reconnect, in milliseconds. It doubles with each attempt and differs between browsers, so that they
 * do not all reconnect at once after a restart.
 */
export function pause(tries: number, chance: number): number {
  const longest = Math.min(LONGEST, 500 * 2 ** Math.min(tries, 10));
  return longest * (0.5 + chance / 2);
}

/** Waits, or until the network is back if that is sooner. */
export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      window.clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = window.setTimeout(done, milliseconds);
    window.addEventListener("online", done);
  });
}
