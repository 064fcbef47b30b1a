/** A range of days, in the reader's time zone. */
export interface LastDays {
  from: string;
  to: string;
  timeZone: string;
}

/** The last days of the reader's calendar with `now`, in milliseconds, in the last of them. */
export function lastDays(days: number, now: number): LastDays {
  const date = new Date(now);
  const midnight = (later: number) =>
    new Date(date.getFullYear(), date.getMonth(), date.getDate() + later).toISOString();
  return {
    from: midnight(1 - days),
    to: midnight(1),
    timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}
