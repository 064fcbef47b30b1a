import "./jack.css";

/** A socket for a patch cable, in its six-sided nut. */
export function Jack({ label }: { label: string }) {
  return (
    <span className="jack" aria-hidden="true">
      <span className="label">{label}</span>
      <svg viewBox="0 0 32 32">
        <path className="jack-nut" d="M16 1.5 28.6 8.75v14.5L16 30.5 3.4 23.25V8.75z" />
        <circle className="jack-ring" cx="16" cy="16" r="9" />
        <circle className="jack-hole" cx="16" cy="16" r="5.2" />
      </svg>
    </span>
  );
}
