//! Reads the stored state of a user, except for what may differ by order: ids of rows, numbers of entries, versions, and times
//! of arrival.

/// Statements that return a user's id, and a line about one of the user's rows.
pub(super) const ROWS: [&str; 8] = [
    "SELECT c.user_id, 'subscription ' || s.stripe_subscription_id || ' ' || s.stripe_price_id || ' ' || s.tier || ' ' \
     || s.status || ' ' || CAST(s.current_period_start AS TEXT) || ' ' || CAST(s.current_period_end AS TEXT) || ' ' \
     || CAST(s.cancel_at_period_end AS TEXT) || ' ' || COALESCE(CAST(s.cancel_at AS TEXT), '-') \
     FROM stripe_subscriptions s JOIN stripe_customers c ON c.id = s.customer_id",
    "SELECT user_id, 'period ' || reference || ' ' || tier || ' ' || paid || ' ' || returned || ' ' || credits_granted || ' ' \
     || credits_reversed FROM stripe_periods",
    "SELECT user_id, 'payment ' || stripe_checkout_session_id || ' ' || amount || ' ' || status || ' ' \
     || credits_granted || ' ' || amount_refunded || ' ' || credits_reversed FROM stripe_payments",
    "SELECT p.user_id, 'payment intent ' || p.stripe_payment_intent_id || ' ' || p.amount_refunded || ' ' \
     || p.amount_disputed || ' ' || COALESCE(i.stripe_invoice_id, '-') FROM stripe_payment_intents p LEFT JOIN stripe_invoices i \
     ON i.id = p.invoice_id",
    "SELECT i.user_id, 'invoice ' || i.stripe_invoice_id || ' ' || i.amount_paid || ' ' || COALESCE(p.reference, '-') \
     || ' ' || COALESCE(x.tier, '-') FROM stripe_invoices i LEFT JOIN stripe_invoice_periods x ON x.invoice_id = i.id \
     LEFT JOIN stripe_periods p ON p.id = x.period_id",
    "SELECT user_id, 'former customer ' || stripe_customer_id FROM stripe_former_customers",
    "SELECT user_id, 'account ' || balance || ' ' || CASE WHEN unlimited_until IS NULL THEN 'false' ELSE 'true' END \
     || ' ' || COALESCE(CAST(unlimited_until AS TEXT), '-') FROM credit_accounts",
    "SELECT user_id, 'posted ' || change_type || ' ' || COALESCE(reference, '-') || ' ' || SUM(credits_delta) \
     FROM credits_ledger GROUP BY user_id, change_type, reference HAVING SUM(credits_delta) <> 0",
];

/// Finds events that are neither applied nor ignored: in the end, none waits and none has failed.
pub(super) const UNAPPLIED: &str = "SELECT event_id || ' is ' || status || ', waits for ' || COALESCE(waits_for, '-') \
    || ': ' || COALESCE(error, '-') FROM stripe_events WHERE status NOT IN ('applied', 'ignored')";
