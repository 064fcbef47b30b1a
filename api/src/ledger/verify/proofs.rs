//! The proofs: each is a statement that finds the rows that contradict a fact, described in one column. They are written for
//! both databases; `EPOCH(..)` stands for the seconds of a time.

/// A fact and the statement that finds its contradictions.
pub(super) struct Proof {
    pub(super) fact: &'static str,
    pub(super) sql: &'static str,
}

pub(super) const fn proof(fact: &'static str, sql: &'static str) -> Proof {
    Proof { fact, sql }
}

/// Facts that must hold.
pub(super) const PROOFS: [Proof; 19] = [
    proof(
        "each account's versions are 1, 2, 3 ... without gaps",
        "SELECT 'user ' || user_id || ': ' || COUNT(*) || ' entries, versions ' || MIN(version) || ' to ' || MAX(version) \
         FROM credits_ledger GROUP BY user_id HAVING MIN(version) <> 1 OR MAX(version) <> COUNT(*)",
    ),
    proof(
        "each balance follows from the one before it",
        "SELECT 'user ' || user_id || ', version ' || version || ': ' || earlier || ' and ' || credits_delta || \
         ' is not ' || balance_after FROM (SELECT user_id, version, credits_delta, balance_after, \
         COALESCE(LAG(balance_after) OVER (PARTITION BY user_id ORDER BY version), 0) AS earlier FROM credits_ledger) \
         AS entries WHERE earlier + credits_delta <> balance_after",
    ),
    proof(
        "each account's balance and version are those of its ledger",
        "SELECT 'user ' || a.user_id || ': balance ' || a.balance || ' at version ' || a.version || ', the ledger says ' \
         || COALESCE(l.total, 0) || ' at ' || COALESCE(l.newest, 0) FROM credit_accounts a LEFT JOIN (SELECT user_id, \
         SUM(credits_delta) AS total, MAX(version) AS newest FROM credits_ledger GROUP BY user_id) l \
         ON l.user_id = a.user_id WHERE a.balance <> COALESCE(l.total, 0) OR a.version <> COALESCE(l.newest, 0)",
    ),
    proof(
        "each entry has an account, and each account a user",
        "SELECT 'user ' || l.user_id || ' has entries and no account' FROM credits_ledger l LEFT JOIN credit_accounts a \
         ON a.user_id = l.user_id WHERE a.user_id IS NULL GROUP BY l.user_id \
         UNION ALL SELECT 'account ' || a.user_id || ' has no user' FROM credit_accounts a LEFT JOIN users u \
         ON u.id = a.user_id WHERE u.id IS NULL",
    ),
    // Entries that are older than the gateway are kept as they were, even if they were wrong. A capture takes what was held,
    // also if a refunded payment has reduced the balance meanwhile.
    proof(
        "no spend added credits, and none but captures took more than was available",
        "SELECT 'entry ' || id || ' of user ' || user_id || ': a spend of ' || credits_delta || ' left ' || balance_after || \
         ' with ' || held || ' held' FROM (SELECT id, user_id, change_type, source, credits_delta, balance_after, \
         SUM(held_delta) OVER (PARTITION BY user_id ORDER BY version) AS held FROM credits_ledger) AS entries \
         WHERE change_type = 'Spend' AND source NOT LIKE 'legacy:%' AND (credits_delta > 0 OR \
         (credits_delta < 0 AND balance_after < held AND source NOT LIKE 'capture:%'))",
    ),
    proof(
        "no hold took more than was available",
        "SELECT 'entry ' || id || ' of user ' || user_id || ': a hold of ' || held_delta || ' left ' || balance_after || \
         ' with ' || held || ' held' FROM (SELECT id, user_id, held_delta, balance_after, \
         SUM(held_delta) OVER (PARTITION BY user_id ORDER BY version) AS held FROM credits_ledger) AS entries \
         WHERE held_delta > 0 AND balance_after < held",
    ),
    proof(
        "each account's held credits are those of its open holds and of its ledger",
        "SELECT 'user ' || a.user_id || ': ' || a.held || ' are held, the open holds say ' || COALESCE(h.total, 0) || \
         ', the ledger ' || COALESCE(l.total, 0) FROM credit_accounts a LEFT JOIN (SELECT user_id, SUM(credits) AS total \
         FROM credit_holds GROUP BY user_id) h ON h.user_id = a.user_id LEFT JOIN (SELECT user_id, SUM(held_delta) AS total \
         FROM credits_ledger GROUP BY user_id) l ON l.user_id = a.user_id \
         WHERE a.held <> COALESCE(h.total, 0) OR a.held <> COALESCE(l.total, 0)",
    ),
    proof(
        "each hold is open and going to expire, or was ended once by an entry that released all of it",
        "SELECT 'hold ' || b.id || ' of user ' || b.user_id || ': ' || b.held_delta || ' credits, open ' || COUNT(h.id) || \
         ' times, ended ' || COUNT(e.id) || ' times with ' || COALESCE(SUM(e.held_delta), 0) FROM credits_ledger b \
         LEFT JOIN credit_holds h ON h.id = b.id AND h.user_id = b.user_id AND h.credits = b.held_delta AND h.run = b.reference \
         AND EXISTS (SELECT 1 FROM work w WHERE w.kind = 'hold' AND w.key = CAST(h.id AS TEXT)) \
         LEFT JOIN (SELECT id, user_id, reference, held_delta, credits_delta, CAST(substr(source, 9) AS BIGINT) AS hold_id \
         FROM credits_ledger WHERE source LIKE 'capture:%' OR source LIKE 'release:%' OR source LIKE 'expired:%') e \
         ON e.hold_id = b.id AND e.user_id = b.user_id AND e.reference = b.reference AND e.held_delta = -b.held_delta \
         AND -e.credits_delta <= b.held_delta WHERE b.change_type = 'Hold' AND b.source LIKE 'export:%' \
         GROUP BY b.id, b.user_id, b.held_delta HAVING COUNT(h.id) + COUNT(e.id) <> 1 \
         UNION ALL SELECT 'hold ' || h.id || ' has no entry' FROM credit_holds h LEFT JOIN credits_ledger b ON b.id = h.id \
         AND b.change_type = 'Hold' AND b.source LIKE 'export:%' WHERE b.id IS NULL \
         UNION ALL SELECT 'entry ' || e.id || ' ends what did not begin' FROM credits_ledger e LEFT JOIN credits_ledger b \
         ON b.id = CAST(substr(e.source, 9) AS BIGINT) AND b.user_id = e.user_id AND b.change_type = 'Hold' \
         AND b.source LIKE 'export:%' WHERE b.id IS NULL AND \
         (e.source LIKE 'capture:%' OR e.source LIKE 'release:%' OR e.source LIKE 'expired:%')",
    ),
    proof(
        "only holds, captures and releases change what is held, and only captures of these change a balance",
        "SELECT 'entry ' || id || ' of user ' || user_id || ': ' || credits_delta || ' credits, ' || held_delta || ' held' \
         FROM credits_ledger WHERE (change_type IN ('Hold', 'Release') AND credits_delta <> 0) OR held_delta <> 0 AND NOT \
         ((source LIKE 'export:%' AND change_type = 'Hold' AND held_delta > 0) OR (held_delta < 0 AND \
         ((source LIKE 'capture:%' AND change_type = 'Spend') OR (change_type = 'Release' AND \
         (source LIKE 'release:%' OR source LIKE 'expired:%')))))",
    ),
    // Only the end of unlimited exports has no credits before it that were available.
    proof(
        "each alert of low credits is about an entry that crossed its threshold",
        "SELECT 'alert ' || a.id || ' of user ' || a.user_id || ': ' || COALESCE(CAST(a.previous AS TEXT), 'unlimited') || ', then ' \
         || a.available || ' of ' || a.below || ' at version ' || a.version || ', the ledger says ' || COALESCE(l.earlier, 0) || \
         ', then ' || COALESCE(CAST(l.available AS TEXT), 'nothing') FROM alerts a LEFT JOIN (SELECT user_id, version, available, \
         COALESCE(LAG(available) OVER (PARTITION BY user_id ORDER BY version), 0) AS earlier FROM (SELECT user_id, version, \
         balance_after - SUM(held_delta) OVER (PARTITION BY user_id ORDER BY version) AS available FROM credits_ledger \
         WHERE user_id IN (SELECT user_id FROM alerts WHERE kind = 'low_balance')) AS entries) AS l \
         ON l.user_id = a.user_id AND l.version = a.version WHERE a.kind = 'low_balance' AND (l.version IS NULL \
         OR a.available <> l.available OR a.available >= a.below OR CASE WHEN a.previous IS NULL THEN NOT EXISTS (SELECT 1 FROM \
         stripe_periods p WHERE p.user_id = a.user_id AND p.tier = 'STUDIO') \
         ELSE a.previous <> l.earlier OR a.previous < a.below END)",
    ),
    proof(
        "each crossing of a threshold was alerted, up to where the ledger was followed",
        "SELECT 'user ' || e.user_id || ', version ' || e.version || ': ' || e.available || ' of ' || e.below || \
         ' credits were available, and there is no alert' FROM (SELECT l.user_id, l.version, l.available, s.below, \
         s.since_version, s.since_available, LAG(l.available) OVER (PARTITION BY l.user_id ORDER BY l.version) AS earlier \
         FROM (SELECT user_id, version, balance_after - SUM(held_delta) OVER (PARTITION BY user_id ORDER BY version) AS available \
         FROM credits_ledger WHERE user_id IN (SELECT user_id FROM alert_settings WHERE kind = 'low_balance' AND enabled)) AS l \
         JOIN alert_settings s ON s.user_id = l.user_id AND s.kind = 'low_balance' AND s.enabled \
         WHERE l.version BETWEEN s.since_version AND s.seen_version) AS e LEFT JOIN alerts a ON a.user_id = e.user_id \
         AND a.kind = 'low_balance' AND a.version = e.version WHERE e.version > e.since_version AND e.available < e.below \
         AND COALESCE(CASE WHEN e.version = e.since_version + 1 THEN e.since_available ELSE e.earlier END, e.below) >= e.below \
         AND a.id IS NULL",
    ),
    proof(
        "each line of each paid invoice was granted as it was billed, and nothing was granted without one",
        "SELECT i.stripe_invoice_id || ' grants ' || x.credits || ' to ' || p.reference || ', the ledger says ' || \
         COALESCE(CAST(l.credits_delta AS TEXT), 'nothing') FROM stripe_invoice_periods x \
         JOIN stripe_invoices i ON i.id = x.invoice_id JOIN stripe_periods p ON p.id = x.period_id \
         LEFT JOIN credits_ledger l ON l.source = 'grant:' || i.stripe_invoice_id || ':' || p.reference \
         AND l.user_id = p.user_id AND l.change_type = 'Grant' \
         WHERE i.user_id <> p.user_id OR x.credits <> COALESCE(l.credits_delta, 0) \
         UNION ALL SELECT 'entry ' || l.id || ' grants what no invoice paid for' FROM credits_ledger l \
         LEFT JOIN stripe_periods p ON p.reference = l.reference LEFT JOIN stripe_invoices i ON i.stripe_invoice_id = \
         substr(l.source, 7, length(l.source) - 7 - length(l.reference)) LEFT JOIN stripe_invoice_periods x \
         ON x.invoice_id = i.id AND x.period_id = p.id WHERE l.source LIKE 'grant:%' AND x.id IS NULL",
    ),
    proof(
        "each period's sums are those of its invoices",
        "SELECT p.reference || ': ' || p.credits_granted || ' credits for ' || p.paid || ', its invoices say ' || \
         COALESCE(x.credits, 0) || ' for ' || COALESCE(x.paid, 0) FROM stripe_periods p LEFT JOIN (SELECT period_id, \
         SUM(credits) AS credits, SUM(paid) AS paid FROM stripe_invoice_periods GROUP BY period_id) x \
         ON x.period_id = p.id WHERE p.credits_granted <> COALESCE(x.credits, 0) OR p.paid <> COALESCE(x.paid, 0)",
    ),
    proof(
        "for each period, the share of credits reversed is the share of money returned, or all if it was undone for nothing",
        "SELECT s.reference || ': ' || s.stored_returned || ' was returned and ' || s.credits_reversed || ' credits, \
         of ' || s.granted || ' for ' || s.paid || ' it is ' || s.returned FROM (SELECT p.reference, p.returned AS \
         stored_returned, p.credits_reversed, p.paid, COALESCE(o.undone, false) AS undone, \
         CASE WHEN p.credits_granted > 0 THEN p.credits_granted ELSE 0 END \
         AS granted, COALESCE(b.returned, 0) AS returned FROM stripe_periods p LEFT JOIN (SELECT x.period_id, \
         CAST(SUM(CASE WHEN i.amount_paid <= 0 THEN 0 WHEN COALESCE(m.back, 0) + i.amount_credited >= i.amount_paid THEN \
         x.paid ELSE (2 * x.paid * (COALESCE(m.back, 0) + i.amount_credited) + i.amount_paid) / (2 * i.amount_paid) END) \
         AS BIGINT) AS returned FROM stripe_invoice_periods x JOIN stripe_invoices i ON i.id = x.invoice_id LEFT JOIN (SELECT \
         invoice_id, CAST(SUM(amount_refunded + amount_disputed) AS BIGINT) AS back FROM stripe_payment_intents WHERE invoice_id IS NOT \
         NULL GROUP BY invoice_id) m ON m.invoice_id = i.id GROUP BY x.period_id) b ON b.period_id = p.id \
         LEFT JOIN stripe_subscriptions o ON o.stripe_subscription_id = p.stripe_subscription_id) s \
         WHERE s.stored_returned <> s.returned OR s.credits_reversed <> CASE \
         WHEN s.paid <= 0 AND s.undone THEN s.granted WHEN s.paid <= 0 THEN 0 \
         WHEN s.returned >= s.paid THEN s.granted ELSE (2 * s.granted * s.returned + s.paid) / (2 * s.paid) END",
    ),
    proof(
        "for each pack, the share of credits reversed is the share of money returned",
        "SELECT 'payment ' || p.id || ': ' || p.credits_reversed || ' of ' || p.credits_granted || ' credits for ' || \
         (m.amount_refunded + m.amount_disputed + p.amount_credited) || ' of ' || p.amount FROM stripe_payments p \
         JOIN stripe_payment_intents m ON m.stripe_payment_intent_id = p.stripe_payment_intent_id \
         WHERE p.status NOT IN ('pending', 'failed') AND p.credits_reversed <> CASE WHEN p.amount <= 0 THEN 0 \
         WHEN m.amount_refunded + m.amount_disputed + p.amount_credited >= p.amount THEN p.credits_granted \
         ELSE (2 * p.credits_granted * (m.amount_refunded + m.amount_disputed + p.amount_credited) + p.amount) \
         / (2 * p.amount) END",
    ),
    proof(
        "each paid pack has one PURCHASE, of its credits, and no PURCHASE is without a pack",
        "SELECT 'payment ' || p.id || ' of ' || p.credits_granted || ' credits posted ' || \
         COALESCE(CAST(l.credits_delta AS TEXT), 'nothing') FROM stripe_payments p LEFT JOIN credits_ledger l \
         ON l.source = 'payment:' || COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) \
         AND l.change_type = 'Purchase' AND l.user_id = p.user_id WHERE COALESCE(l.credits_delta, 0) <> \
         CASE WHEN p.status IN ('pending', 'failed') THEN 0 ELSE p.credits_granted END \
         UNION ALL SELECT 'entry ' || l.id || ' has no payment' FROM credits_ledger l LEFT JOIN stripe_payments p \
         ON COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) = l.reference \
         WHERE l.source LIKE 'payment:%' AND p.id IS NULL",
    ),
    proof(
        "the credits reversed for each pack and period match its row",
        "SELECT 'payment ' || p.id || ': the row says ' || p.credits_reversed || ', the ledger ' || COALESCE(l.back, 0) FROM \
         stripe_payments p LEFT JOIN (SELECT user_id, reference, -SUM(credits_delta) AS back FROM credits_ledger \
         WHERE source LIKE 'reversal:%' GROUP BY user_id, reference) l ON l.user_id = p.user_id AND l.reference = \
         COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) WHERE p.credits_reversed <> COALESCE(l.back, 0) \
         UNION ALL SELECT p.reference || ': the row says ' || p.credits_reversed || ', the ledger ' || COALESCE(l.back, 0) \
         FROM stripe_periods p LEFT JOIN (SELECT user_id, reference, -SUM(credits_delta) AS back FROM credits_ledger \
         WHERE source LIKE 'reversal:%' GROUP BY user_id, reference) l ON l.user_id = p.user_id AND l.reference = \
         p.reference WHERE p.credits_reversed <> COALESCE(l.back, 0) \
         UNION ALL SELECT 'entry ' || l.id || ' takes back what nothing gave' FROM credits_ledger l \
         LEFT JOIN stripe_payments p ON COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) = l.reference \
         LEFT JOIN stripe_periods q ON q.reference = l.reference \
         WHERE l.source LIKE 'reversal:%' AND p.id IS NULL AND q.id IS NULL",
    ),
    proof(
        "each refunded export returns exactly what its SPEND took",
        "SELECT 'entry ' || r.id || ' gives back ' || r.credits_delta || ' for entry ' || r.reference FROM \
         credits_ledger r LEFT JOIN credits_ledger s ON s.id = CAST(r.reference AS BIGINT) AND s.user_id = r.user_id AND \
         s.change_type = 'Spend' WHERE r.source LIKE 'export-refund:%' AND (s.id IS NULL OR r.credits_delta <> \
         -s.credits_delta OR r.change_type <> 'Refund')",
    ),
    // An account that lost its unlimited exports was written when they ended, or later. One that never got them back got a
    // subscription that was active again only after them.
    proof(
        "unlimited exports last as long as subscriptions and their paid periods say",
        "SELECT 'user ' || a.user_id || ' is unlimited until ' || COALESCE(CAST(a.unlimited_until AS TEXT), 'never') || \
         ', its subscriptions say ' || COALESCE(CAST(e.until AS TEXT), 'never') || ' (Unix time)' FROM credit_accounts a \
         LEFT JOIN (SELECT c.user_id, MAX(CASE WHEN p.returned * 3 > p.paid THEN NULL ELSE EPOCH(p.period_end) + \
         CASE WHEN s.payment_processing AND s.current_period_start >= p.period_end THEN {PROCESSING} ELSE {GRACE} END END) \
         AS until, MAX(EPOCH(s.updated_at)) AS changed FROM stripe_subscriptions s JOIN stripe_customers c ON c.id = s.customer_id JOIN stripe_periods p \
         ON p.stripe_subscription_id = s.stripe_subscription_id AND p.user_id = c.user_id AND p.tier = 'STUDIO' \
         WHERE s.tier = 'STUDIO' AND s.status IN ('active', 'trialing') AND NOT EXISTS (SELECT 1 FROM stripe_periods n \
         WHERE n.stripe_subscription_id = p.stripe_subscription_id AND n.tier = 'STUDIO' AND n.period_end > p.period_end) \
         GROUP BY c.user_id) e ON e.user_id = a.user_id WHERE CASE WHEN a.unlimited_until IS NULL \
         THEN COALESCE(e.until, 0) > EPOCH(a.updated_at) AND COALESCE(e.until, 0) > e.changed ELSE COALESCE(e.until, 0) <> EPOCH(a.unlimited_until) END",
    ),
];

/// Facts whose violation an operator should look at, although the ledger is sound.
pub(super) const NOTICES: [Proof; 3] = [
    proof(
        "each active subscription has a paid invoice for its present period, four days after that began",
        "SELECT s.stripe_subscription_id || ' is active, and its period until ' || s.current_period_end || ' is not paid' \
         FROM stripe_subscriptions s LEFT JOIN stripe_periods p ON p.stripe_subscription_id = s.stripe_subscription_id \
         AND p.period_end = s.current_period_end WHERE s.status = 'active' AND p.id IS NULL \
         AND EPOCH(s.current_period_start) < {NOW} - 4 * 86400",
    ),
    proof(
        "no work is due for more than a day",
        "SELECT kind || ' ' || key || ' is due since ' || due_at || ' after ' || attempts || ' attempts: ' || \
         COALESCE(error, 'never tried') FROM work WHERE EPOCH(due_at) < {NOW} - 86400 \
         OR (error IS NOT NULL AND EPOCH(created_at) < {NOW} - 86400)",
    ),
    proof(
        "Stripe refused no operation",
        "SELECT 'operation ' || id || ' (' || kind || ') of user ' || user_id || ': ' || COALESCE(error, '') \
         FROM stripe_operations WHERE state = 'refused'",
    ),
];
