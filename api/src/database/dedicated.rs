//! A connection to PostgreSQL outside the pools, for a task that batches the requests of others.
//!
//! A pool pings a connection each time it is returned; this one is never pinged. Its user learns from a failed statement
//! that it is dead, and may try again on a new one if the statement is safe to repeat.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    DbErr, FromQueryResult, QueryResult, RuntimeErr,
    sqlx::{self, PgConnection},
};
use tokio::time::{Instant, timeout};

use super::{
    failover::{self, Failover},
    postgres::Server,
};

/// The connection, opened when it is first needed and again after it failed.
#[derive(Debug)]
pub struct Dedicated {
    server: Server,
    statements: Arc<AtomicU64>,
    failover: Arc<Failover>,
    open: Option<(PgConnection, Instant)>,
}

/// The connection while it is in use. Dropped, it is closed.
#[derive(Debug)]
pub struct Taken {
    /// The connection.
    pub connection: PgConnection,
    opened: Instant,
    /// True where it was used before, and may have died since.
    pub reused: bool,
}

impl Dedicated {
    pub(super) const fn new(server: Server, statements: Arc<AtomicU64>, failover: Arc<Failover>) -> Self {
        Self { server, statements, failover, open: None }
    }

    /// Takes the connection out, to be returned after use.
    ///
    /// # Errors
    /// No connection can be opened.
    pub async fn take(&mut self) -> Result<Taken, DbErr> {
        if let Some((mut connection, opened)) = self.open.take() {
            let is_tested = opened.elapsed() >= failover::MIN_AGE && self.failover.is_suspected();
            if !is_tested || failover::is_writable(&mut connection).await.unwrap_or(false) {
                return Ok(Taken { connection, opened, reused: true });
            }
        }
        let opened = Instant::now();
        match timeout(self.server.acquire_timeout(), self.server.connect()).await {
            Ok(connection) => Ok(Taken { connection: connection.map_err(failed)?, opened, reused: false }),
            Err(_) => Err(failed(sqlx::Error::PoolTimedOut)),
        }
    }

    /// Gives the connection back.
    pub fn give_back(&mut self, taken: Taken) {
        self.open = Some((taken.connection, taken.opened));
    }

    /// Time limit for a batch on the connection. The server's own limits are shorter; this one is for a network that
    /// drops everything.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        self.server.patience()
    }

    /// Counts statements that were run, for [`super::Database::statements`].
    pub fn count(&self, statements: u64) {
        self.statements.fetch_add(statements, Ordering::Relaxed);
    }

    /// Records that a statement failed.
    pub fn record_failure(&self) {
        self.failover.record_failure();
    }
}

/// Converts an error of the driver into one of the database.
#[must_use]
pub fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

/// Reads a model from the columns that begin with a prefix.
///
/// # Errors
/// [`sqlx::Error::Decode`] if the row does not have them.
pub fn model<M: FromQueryResult>(row: &QueryResult, prefix: &str) -> Result<M, sqlx::Error> {
    M::from_query_result(row, prefix).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Returns `true` if another connection may succeed: this one is gone, or its server is read-only. It is unknown then what
/// was committed.
#[must_use]
pub fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        // 57P..: the server shuts down; 25P03: it ended an idle transaction; 25006: it is read-only.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57P") || code == "25P03" || code == "25006")
        }
        _ => true,
    }
}
