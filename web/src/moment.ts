const DAY = new Intl.DateTimeFormat("en-US", { day: "numeric", month: "long", year: "numeric" });

const MINUTE = new Intl.DateTimeFormat("en-US", {
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
});

/** A moment as the day it falls on, where the reader is. */
export function day(moment: string): string {
  return DAY.format(new Date(moment));
}

/** A moment to the minute, where the reader is. */
export function minute(moment: string): string {
  return MINUTE.format(new Date(moment));
}
