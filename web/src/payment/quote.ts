import { text } from "../text/current";

/** Credits that a pack can hold. */
export const FEWEST = 1;
export const MOST = 1000;

/** The number of credits that was typed; null when no such pack is sold. */
export function credits(typed: string): number | null {
  const number = whole(typed);
  return number !== null && number >= FEWEST && number <= MOST ? number : null;
}

/** Where the slider stands for what was typed: the nearest of its values, and its lowest one while nothing is typed. */
export function sliderValue(typed: string, lowest: number): number {
  return Math.min(MOST, Math.max(lowest, whole(typed) ?? lowest));
}

/** Says what is wrong with what was typed; null when nothing is. */
export function complaint(typed: string): string | null {
  if (typed.trim() === "" || credits(typed) !== null) return null;
  return text.packs.wrong(FEWEST, MOST);
}

function whole(typed: string): number | null {
  return /^\s*\d{1,9}\s*$/.test(typed) ? Number(typed) : null;
}
