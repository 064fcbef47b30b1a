/** One character of a number: a digit, which can turn, or a sign or separator. */
export interface Wheel {
  /** Counted from the right, so that each wheel stays the same one while the number grows. */
  place: string;
  face: number | string;
}

/** Splits a formatted number into its characters, from left to right. */
export function wheels(number: string): Wheel[] {
  let digits = 0;
  const reversed = Array.from(number)
    .reverse()
    .map((character): Wheel => {
      if (!/\d/.test(character)) return { place: `${character} ${digits}`, face: character };
      digits += 1;
      return { place: `digit ${digits}`, face: Number(character) };
    });
  return reversed.reverse();
}
