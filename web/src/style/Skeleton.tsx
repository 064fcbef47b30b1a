/** A placeholder for content that is being loaded. Its class gives it the size of that content. */
export function Skeleton({ className = "" }: { className?: string }) {
  return <span className={`skeleton ${className}`} aria-hidden="true" />;
}
