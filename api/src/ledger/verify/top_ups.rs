//! The proofs that automatic top-ups do not run away.

use super::proofs::{Proof, proof};

/// Facts that must hold.
pub(super) const PROOFS: [Proof; 4] = [
    proof(
        "no top-up began before the one before it was over",
        "SELECT 'top-up ' || b.id || ' began at version ' || b.decided_version || ', before top-up ' || a.id || ' was over' \
         FROM top_ups a JOIN top_ups b ON b.user_id = a.user_id AND b.id > a.id LEFT JOIN stripe_payments p \
         ON p.id = a.payment_id LEFT JOIN credits_ledger l ON l.source = 'payment:' || \
         COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) \
         WHERE a.state IN ('pending', 'processing', 'action_required') \
         OR (a.state = 'paid' AND COALESCE(l.version, b.decided_version + 1) > b.decided_version)",
    ),
    proof(
        "each top-up was decided while fewer credits were available than its threshold",
        "SELECT 'top-up ' || t.id || ' found ' || t.available || ' available at version ' || t.decided_version || \
         ', the ledger says ' || t.ledger || ', and tops up below ' || t.below FROM (SELECT t.id, t.available, \
         t.decided_version, t.below, COALESCE((SELECT l.balance_after FROM credits_ledger l WHERE l.user_id = t.user_id \
         AND l.version = t.decided_version), 0) - COALESCE((SELECT CAST(SUM(h.held_delta) AS BIGINT) FROM credits_ledger h \
         WHERE h.user_id = t.user_id AND h.version <= t.decided_version), 0) AS ledger FROM top_ups t) t \
         WHERE t.available <> t.ledger OR t.available >= t.below",
    ),
    proof(
        "each top-up has the price of its credits, and none exceeded the cap of its month",
        "SELECT 'top-up ' || t.id || ' of ' || t.credits || ' credits for ' || t.amount || ' follows ' || t.earlier || ' in ' \
         || t.month || ', with a cap of ' || t.cap FROM (SELECT t.id, t.credits, t.amount, t.month, t.cap, \
         COALESCE((SELECT CAST(SUM(e.amount) AS BIGINT) FROM top_ups e WHERE e.user_id = t.user_id AND e.month = t.month \
         AND e.id < t.id AND e.state <> 'failed'), 0) AS earlier FROM top_ups t) t WHERE t.earlier + t.amount > t.cap \
         OR t.amount <> CASE WHEN t.credits * 20 < 500 THEN 500 ELSE t.credits * 20 END",
    ),
    proof(
        "each paid top-up has one payment, of its credits and at most its price",
        "SELECT 'top-up ' || t.id || ' of ' || t.credits || ' credits for ' || t.amount || ' was paid by ' || \
         COALESCE(CAST(p.amount AS TEXT), 'nothing') FROM top_ups t LEFT JOIN stripe_payments p ON p.id = t.payment_id \
         AND p.user_id = t.user_id AND p.stripe_checkout_session_id = t.stripe_invoice_id \
         AND p.status NOT IN ('pending', 'failed') WHERE t.state = 'paid' \
         AND (p.id IS NULL OR p.credits_granted <> t.credits OR p.amount > t.amount) \
         UNION ALL SELECT 'payment ' || p.id || ' is of no paid top-up' FROM stripe_payments p LEFT JOIN top_ups t \
         ON t.payment_id = p.id AND t.state = 'paid' WHERE substr(p.stripe_checkout_session_id, 1, 3) = 'in_' AND t.id IS NULL",
    ),
];
