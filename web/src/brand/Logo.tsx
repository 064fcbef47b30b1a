/** A jack in its six-sided nut: a cell of the hive. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 1.5 28.6 8.75v14.5L16 30.5 3.4 23.25V8.75z" fill="var(--honey)" />
      <circle cx="16" cy="16" r="8.4" fill="#f8e9c8" />
      <circle cx="16" cy="16" r="5" fill="#1b1a17" />
    </svg>
  );
}
