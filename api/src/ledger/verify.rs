//! Proves the books from the rows: one snapshot, one statement a proof, however many entries there are.

use std::fmt;

use entity::Tier;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{database::Database, plan::plan};

/// How many offending rows a check shows.
const SHOWN: usize = 20;

/// What was proved, and what was not.
#[derive(Clone, Debug)]
pub struct Report {
    /// Entries in the ledger.
    pub entries: i64,
    /// Accounts.
    pub accounts: i64,
    /// Every proof.
    pub checks: Vec<Check>,
}

/// One proof.
#[derive(Clone, Debug)]
pub struct Check {
    /// The fact that was to be proved.
    pub fact: &'static str,
    /// Rows that contradict it, the first of them in words. Empty when it holds.
    pub offenders: Vec<String>,
    /// How many rows contradict it, shown or not.
    pub count: usize,
}

impl Report {
    /// Whether every proof held.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.count == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} entries in {} accounts", self.entries, self.accounts)?;
        for check in &self.checks {
            let verdict = if check.count == 0 { "ok".to_owned() } else { format!("{} OFF", check.count) };
            writeln!(f, "{verdict:>8}  {}", check.fact)?;
            for offender in &check.offenders {
                writeln!(f, "          {offender}")?;
            }
        }
        Ok(())
    }
}

/// Each proof is a statement that finds what contradicts it, and says so in one column.
const PROOFS: [(&str, &str); 11] = [
    (
        "each account's versions are 1, 2, 3 ... without gaps",
        "SELECT 'user ' || user_id || ': ' || COUNT(*) || ' entries, versions ' || MIN(version) || ' to ' || MAX(version) \
         FROM credits_ledger GROUP BY user_id HAVING MIN(version) <> 1 OR MAX(version) <> COUNT(*)",
    ),
    (
        "each balance follows from the one before it",
        "SELECT 'user ' || user_id || ', version ' || version || ': ' || earlier || ' and ' || credits_delta || \
         ' is not ' || balance_after FROM (SELECT user_id, version, credits_delta, balance_after, \
         COALESCE(LAG(balance_after) OVER (PARTITION BY user_id ORDER BY version), 0) AS earlier FROM credits_ledger) \
         AS entries WHERE earlier + credits_delta <> balance_after",
    ),
    (
        "each account's balance and version are those of its ledger",
        "SELECT 'user ' || a.user_id || ': balance ' || a.balance || ' at version ' || a.version || ', the ledger says ' \
         || COALESCE(l.total, 0) || ' at ' || COALESCE(l.newest, 0) FROM credit_accounts a LEFT JOIN (SELECT user_id, \
         SUM(credits_delta) AS total, MAX(version) AS newest FROM credits_ledger GROUP BY user_id) l \
         ON l.user_id = a.user_id WHERE a.balance <> COALESCE(l.total, 0) OR a.version <> COALESCE(l.newest, 0)",
    ),
    (
        "each entry has an account, and each account a user",
        "SELECT 'user ' || l.user_id || ' has entries and no account' FROM credits_ledger l LEFT JOIN credit_accounts a \
         ON a.user_id = l.user_id WHERE a.user_id IS NULL GROUP BY l.user_id \
         UNION ALL SELECT 'account ' || a.user_id || ' has no user' FROM credit_accounts a LEFT JOIN users u \
         ON u.id = a.user_id WHERE u.id IS NULL",
    ),
    // What was booked before the gateway is kept as it was found, also where it was wrong.
    (
        "no spend took a balance below zero",
        "SELECT 'entry ' || id || ' of user ' || user_id || ' left ' || balance_after FROM credits_ledger \
         WHERE change_type = 'Spend' AND source NOT LIKE 'legacy:%' AND (credits_delta > 0 OR (credits_delta < 0 AND balance_after < 0))",
    ),
    (
        "no subscription's period granted more than its highest tier",
        "SELECT reference || ' granted ' || SUM(credits_delta) FROM credits_ledger WHERE change_type = 'Grant' \
         AND source LIKE 'grant:%' GROUP BY reference HAVING SUM(credits_delta) > MAX(CASE WHEN source LIKE '%:PRO' \
         THEN {PRO} WHEN source LIKE '%:CORE' THEN {CORE} ELSE 0 END)",
    ),
    (
        "each period's row and its grants agree",
        "SELECT p.stripe_subscription_id || ' at ' || p.period_end || ': the row says ' || p.credits_granted || \
         ', the ledger ' || COALESCE(SUM(l.credits_delta), 0) FROM stripe_periods p LEFT JOIN credits_ledger l \
         ON l.user_id = p.user_id AND l.source LIKE 'grant:%' AND l.reference = p.reference \
         GROUP BY p.id, p.stripe_subscription_id, p.period_end, p.credits_granted \
         HAVING p.credits_granted <> COALESCE(SUM(l.credits_delta), 0)",
    ),
    (
        "each paid pack has one PURCHASE, of its credits, and no PURCHASE is without a pack",
        "SELECT 'payment ' || p.id || ' of ' || p.credits_granted || ' credits booked ' || \
         COALESCE(SUM(l.credits_delta), 0) FROM stripe_payments p LEFT JOIN credits_ledger l ON l.change_type = \
         'Purchase' AND l.reference = COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) \
         GROUP BY p.id, p.credits_granted, p.status HAVING COALESCE(SUM(l.credits_delta), 0) <> CASE WHEN p.status IN \
         ('pending', 'failed') THEN 0 ELSE p.credits_granted END OR COUNT(l.id) > 1 \
         UNION ALL SELECT 'entry ' || l.id || ' has no payment' FROM credits_ledger l LEFT JOIN stripe_payments p \
         ON COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) = l.reference \
         WHERE l.source LIKE 'payment:%' AND p.id IS NULL",
    ),
    (
        "no pack and no period had more taken back than it gave",
        "SELECT 'payment ' || id || ': ' || credits_reversed || ' of ' || credits_granted FROM stripe_payments \
         WHERE credits_reversed < 0 OR credits_reversed > credits_granted \
         UNION ALL SELECT reference || ': ' || credits_reversed || ' of ' || credits_granted FROM stripe_periods \
         WHERE credits_reversed < 0 OR credits_reversed > credits_granted",
    ),
    (
        "what was taken back for each pack and period is what its row says",
        "SELECT given.name || ': the row says ' || given.reversed || ', the ledger ' || COALESCE(-SUM(l.credits_delta), 0) \
         FROM (SELECT user_id, COALESCE(stripe_payment_intent_id, stripe_checkout_session_id) AS name, \
         credits_reversed AS reversed FROM stripe_payments UNION ALL SELECT user_id, reference, credits_reversed FROM \
         stripe_periods) AS given LEFT JOIN credits_ledger l ON l.user_id = given.user_id AND l.reference = given.name AND \
         l.source LIKE 'reversal:%' GROUP BY given.user_id, given.name, given.reversed \
         HAVING given.reversed <> COALESCE(-SUM(l.credits_delta), 0) \
         UNION ALL SELECT 'entry ' || l.id || ' takes back what nothing gave' FROM credits_ledger l \
         LEFT JOIN stripe_payments p ON COALESCE(p.stripe_payment_intent_id, p.stripe_checkout_session_id) = l.reference \
         AND p.user_id = l.user_id LEFT JOIN stripe_periods q ON q.reference = l.reference AND q.user_id = l.user_id \
         WHERE l.source LIKE 'reversal:%' AND p.id IS NULL AND q.id IS NULL",
    ),
    (
        "each give-back equals its one SPEND",
        "SELECT 'entry ' || r.id || ' gives back ' || r.credits_delta || ' for entry ' || r.reference FROM \
         credits_ledger r LEFT JOIN credits_ledger s ON CAST(s.id AS TEXT) = r.reference AND s.user_id = r.user_id AND \
         s.change_type = 'Spend' WHERE r.source LIKE 'export-refund:%' AND (s.id IS NULL OR r.credits_delta <> \
         -s.credits_delta OR r.change_type <> 'Refund')",
    ),
];

/// Proves the books.
///
/// # Errors
/// What the database says.
pub async fn verify(database: &Database) -> Result<Report, DbErr> {
    let tx = database.snapshot().await?;
    let backend = tx.get_database_backend();
    let mut checks = Vec::with_capacity(PROOFS.len());
    for (fact, sql) in PROOFS {
        let sql = sql.replace("{CORE}", &credits(Tier::Core)).replace("{PRO}", &credits(Tier::Pro));
        let rows = tx.query_all_raw(Statement::from_string(backend, sql)).await?;
        let offenders = rows.iter().take(SHOWN).map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        checks.push(Check { fact, offenders, count: rows.len() });
    }
    let counts = "SELECT (SELECT COUNT(*) FROM credits_ledger), (SELECT COUNT(*) FROM credit_accounts)";
    let counts = tx.query_one_raw(Statement::from_string(backend, counts)).await?;
    let count = |index| counts.as_ref().map_or(Ok(0), |row| row.try_get_by_index(index));
    let report = Report { entries: count(0)?, accounts: count(1)?, checks };
    tx.rollback().await?;
    Ok(report)
}

fn credits(tier: Tier) -> String {
    plan(tier).monthly_credits.unwrap_or_default().to_string()
}
