//! Proves the ledger from its rows, in one snapshot and with one statement per proof.

mod proofs;
mod top_ups;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

use self::proofs::{NOTICES, PROOFS, Proof};
use crate::{
    database::Database,
    plan::{GRACE, PROCESSING},
};

/// Maximum number of offending rows that a check lists.
const SHOWN: usize = 20;

/// The result of a verification.
#[derive(Clone, Debug)]
pub struct Report {
    /// Entries in the ledger.
    pub entries: i64,
    /// Accounts.
    pub accounts: i64,
    /// Every proof.
    pub checks: Vec<Check>,
    /// Findings that an operator should look at, although the proofs hold.
    pub notices: Vec<Check>,
}

/// One proof.
#[derive(Clone, Debug)]
pub struct Check {
    /// The fact to prove.
    pub fact: &'static str,
    /// Descriptions of the first rows that contradict it. Empty if it holds.
    pub offenders: Vec<String>,
    /// Number of rows that contradict it, listed or not.
    pub count: usize,
}

impl Report {
    /// Returns true if every proof held.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.count == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} in {}",
            counted(self.entries, "entry", "entries"),
            counted(self.accounts, "account", "accounts")
        )?;
        for check in &self.checks {
            check.write(f, "FAILED")?;
        }
        for notice in self.notices.iter().filter(|notice| notice.count > 0) {
            notice.write(f, "to look at")?;
        }
        Ok(())
    }
}

fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Check {
    fn write(&self, f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
        let resolution = if self.count == 0 { "ok".to_owned() } else { format!("{} {word}", self.count) };
        writeln!(f, "{resolution:>8}  {}", self.fact)?;
        for offender in &self.offenders {
            writeln!(f, "          {offender}")?;
        }
        Ok(())
    }
}

/// Proves the books. `now` is wall time.
///
/// # Errors
/// The database's.
pub async fn verify(database: &Database, now: DateTime<Utc>) -> Result<Report, DbErr> {
    let tx = database.snapshot().await?;
    let (mut checks, mut notices) = (Vec::new(), Vec::new());
    for proof in PROOFS.into_iter().chain(top_ups::PROOFS) {
        checks.push(check(&tx, proof, now).await?);
    }
    for notice in NOTICES {
        notices.push(check(&tx, notice, now).await?);
    }
    let counts = "SELECT (SELECT COUNT(*) FROM credits_ledger), (SELECT COUNT(*) FROM credit_accounts)";
    let counts = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), counts)).await?;
    let count = |index| counts.as_ref().map_or(Ok(0), |row| row.try_get_by_index(index));
    let report = Report { entries: count(0)?, accounts: count(1)?, checks, notices };
    tx.rollback().await?;
    Ok(report)
}

async fn check(tx: &DatabaseTransaction, Proof { fact, sql }: Proof, now: DateTime<Utc>) -> Result<Check, DbErr> {
    let backend = tx.get_database_backend();
    let seconds = |time: TimeDelta| time.num_seconds().to_string();
    let epoch = if backend == DbBackend::Postgres { "EXTRACT(EPOCH FROM " } else { "unixepoch(" };
    let sql = sql
        .replace("EPOCH(", epoch)
        .replace("{NOW}", &now.timestamp().to_string())
        .replace("{GRACE}", &seconds(GRACE))
        .replace("{PROCESSING}", &seconds(PROCESSING));
    let rows = tx.query_all_raw(Statement::from_string(backend, sql)).await?;
    let offenders = rows.iter().take(SHOWN).map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    Ok(Check { fact, offenders, count: rows.len() })
}
