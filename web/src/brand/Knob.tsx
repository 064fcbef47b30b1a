import "./knob.css";

const TICKS = Array.from({ length: 11 }, (_, tick) => tick);

/** The angle of a knob, in degrees, for a position from 0 to 1. */
function angle(share: number): number {
  return -135 + 270 * Math.min(1, Math.max(0, share));
}

/** A knob at a position from 0 to 1. It is decoration for the text beside it. */
export function Knob({ share }: { share: number }) {
  return (
    <svg className="knob" viewBox="0 0 80 80" aria-hidden="true">
      {TICKS.map((tick) => (
        <line
          key={tick}
          className={tick / 10 <= share ? "knob-tick knob-tick-lit" : "knob-tick"}
          x1="40"
          y1="3"
          x2="40"
          y2={tick % 5 === 0 ? 9 : 7}
          transform={`rotate(${angle(tick / 10)} 40 40)`}
        />
      ))}
      <circle className="knob-skirt" cx="40" cy="41" r="27" />
      <circle className="knob-cap" cx="40" cy="40" r="22" />
      <line className="knob-pointer" x1="40" y1="16" x2="40" y2="29" transform={`rotate(${angle(share)} 40 40)`} />
    </svg>
  );
}
