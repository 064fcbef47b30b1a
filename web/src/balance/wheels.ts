/** One place of a number: a digit that can turn, or a sign that stands. */
export interface Wheel {
  /** Counted from the right, so that a wheel stays the same one while the number grows. */
  place: string;
  face: number | string;
}

/** The places of a number from left to right, with a separator between thousands. */
export function wheels(number: number): Wheel[] {
  const digits = Math.abs(number).toString().split("").reverse();
  const places: Wheel[] = [];
  digits.forEach((digit, place) => {
    if (place > 0 && place % 3 === 0) places.unshift({ place: `separator ${place}`, face: "," });
    places.unshift({ place: `digit ${place}`, face: Number(digit) });
  });
  if (number < 0) places.unshift({ place: "sign", face: "−" });
  return places;
}
