/** Says that nothing can be bought here. */
export function NotSelling() {
  return (
    <div className="notice" role="status">
      <span className="led" aria-hidden="true" />
      <p>Payments are switched off here at the moment. Your credits and exports work as always.</p>
    </div>
  );
}
