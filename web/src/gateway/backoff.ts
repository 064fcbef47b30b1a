/** Milliseconds that pass at most before a lost socket is tried again. */
const LONGEST = 15_000;

/**
 * Milliseconds before the next try, doubling with each, and no two browsers alike: a gateway that starts again is not met
 * by all of them at once.
 */
export function pause(tries: number, chance: number): number {
  const longest = Math.min(LONGEST, 500 * 2 ** Math.min(tries, 10));
  return longest * (0.5 + chance / 2);
}

/** Waits, but no longer than until the network is back. */
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
