//! Connections to a server that became read-only.
//!
//! After a failover the old primary may stay up as a read-only standby, and connections to it stay open. A connection
//! cannot tell which statement failed on it, so after any failed statement each connection is tested once more before it
//! is used, and one whose server is read-only is replaced: the next connection leads to the new primary.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sea_orm::sqlx::{self, Executor, PgConnection, Row};
use tokio::time::Instant;

/// The time after a failed statement during which connections are tested.
const ALERT: Duration = Duration::from_secs(10);

/// A younger connection is not tested: while every server is read-only, replacing it again would not help.
pub(super) const MIN_AGE: Duration = Duration::from_secs(1);

/// Remembers when a statement last failed.
#[derive(Debug)]
pub(super) struct Failover {
    start: Instant,
    /// Milliseconds from `start` until which connections are tested.
    alert_until: AtomicU64,
}

impl Default for Failover {
    fn default() -> Self {
        Self { start: Instant::now(), alert_until: AtomicU64::new(0) }
    }
}

impl Failover {
    /// Records that a statement failed.
    pub(super) fn record_failure(&self) {
        self.record_failure_at(self.start.elapsed());
    }

    /// Returns `true` if a statement failed a short time ago.
    pub(super) fn is_suspected(&self) -> bool {
        self.is_suspected_at(self.start.elapsed())
    }

    fn record_failure_at(&self, now: Duration) {
        self.alert_until.fetch_max(milliseconds(now + ALERT), Ordering::Relaxed);
    }

    fn is_suspected_at(&self, now: Duration) -> bool {
        milliseconds(now) < self.alert_until.load(Ordering::Relaxed)
    }
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

/// Asks the server whether a transaction on this connection could write.
pub(super) async fn is_writable(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let row = connection.fetch_one("SHOW transaction_read_only").await?;
    Ok(row.try_get::<String, _>(0)? == "off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_statement_is_suspicious_for_a_while() {
        let (failover, now) = (Failover::default(), Duration::from_mins(1));
        assert!(!failover.is_suspected_at(now));
        failover.record_failure_at(now);
        assert!(failover.is_suspected_at(now));
        assert!(!failover.is_suspected_at(now + ALERT));
    }
}
