//! Connections to the database.
//!
//! SQLite has one connection for writing and several for reading. PostgreSQL has two pools: one for users' requests, and
//! one for webhooks and jobs ([`Database::background`]), so that neither can take the other's connections; and requests
//! about one account cannot take all connections of a pool ([`Database::turn`]).

mod dedicated;
mod failover;
mod hold;
mod postgres;
mod prune;
mod sqlite;
mod turns;

use std::{
    fmt,
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, sqlx,
};

use self::{failover::Failover, postgres::Server, turns::Turns};

pub use dedicated::{Dedicated, failed, is_lost, model};
pub use prune::Old;
pub use turns::{Account, Turn};

/// Settings of the database.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:` or `postgres:` URL.
    pub url: String,
    /// Number of connections for users' requests; with SQLite, of readers.
    pub max_connections: u32,
    /// Number of connections to PostgreSQL for webhooks and jobs.
    pub background_connections: u32,
    /// Time limit for getting a connection from a pool.
    pub acquire_timeout: Duration,
    /// Time limit for a statement in PostgreSQL.
    pub statement_timeout: Duration,
    /// Time limit for a lock in PostgreSQL.
    pub lock_timeout: Duration,
}

/// The URL may hold a password, and is left out.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("background_connections", &self.background_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}

/// The kind of access that a process has to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To serve or to migrate it: a missing SQLite file is created, and the file belongs to this process alone.
    Own,
    /// To read it, also while another process serves it.
    Look,
}

/// A reason why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves this SQLite file.
    #[error("{0} is in use by another patch-hive: stop that one first, or use PostgreSQL, which serves any number")]
    InUse(String),
    /// The lock file beside the database cannot be written.
    #[error("cannot lock {0}: {1}. Check that the folder of the file in DATABASE_URL can be written")]
    Lock(String, std::io::Error),
    /// Nothing answers at the address.
    #[error("cannot reach PostgreSQL at {address}: {reason}. Check DATABASE_URL, and that the server is running")]
    Unreachable {
        /// Host and port, or the path of a socket.
        address: String,
        /// The operating system's reason.
        reason: String,
    },
    /// A pooler lets several connections share one session.
    #[error(
        "DATABASE_URL leads to a connection pooler in transaction mode (PgBouncer: pool_mode = transaction), which breaks \
         prepared statements, timeouts and LISTEN. Use the pooler's session mode, or the address of PostgreSQL itself"
    )]
    SharedSessions,
    /// The database refuses the connection, or the URL cannot be read.
    #[error("cannot open the database: {0}")]
    Database(#[from] DbErr),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))
    }
}

/// Claims a SQLite file for this process, for as long as the returned lock stays open, without opening the database: for
/// work on the file before that. `None` for PostgreSQL, which serves any number of processes.
///
/// # Errors
/// [`OpenError::InUse`] when another process serves it, and whatever else is wrong with the file.
pub async fn claim(url: &str) -> Result<Option<File>, OpenError> {
    match sqlite::file(url)? {
        Some(file) => Ok(Some(hold::take(&file).await?)),
        None => Ok(None),
    }
}

/// The open database.
#[derive(Clone, Debug)]
pub struct Database {
    write: DatabaseConnection,
    read: DatabaseConnection,
    /// For webhooks and jobs. `None` for SQLite, whose single writer serves everything.
    background: Option<DatabaseConnection>,
    /// The server of dedicated connections; `None` for SQLite.
    server: Option<Server>,
    failover: Arc<Failover>,
    acquire_timeout: Duration,
    turns: Turns,
    statements: Arc<AtomicU64>,
    /// Keeps other processes from serving the same SQLite file.
    #[expect(dead_code, reason = "held, never read: the lock lasts as long as the open file")]
    hold: Option<Arc<File>>,
}

impl Database {
    /// Opens the database.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn connect(settings: &Settings, access: Access) -> Result<Self, OpenError> {
        let hold = match access {
            Access::Own => claim(&settings.url).await?.map(Arc::new),
            Access::Look => None,
        };
        let (statements, acquire_timeout) = (Arc::default(), settings.acquire_timeout);
        let failover = Arc::<Failover>::default();
        let observed = |mut pool: DatabaseConnection| {
            observe(&mut pool, &statements, &failover);
            pool
        };
        if sqlite::file(&settings.url)?.is_some() {
            let write = observed(sqlite::pool(settings, access, 1).await?);
            let read = observed(sqlite::pool(settings, access, settings.max_connections).await?);
            return Ok(Self {
                write,
                read,
                background: None,
                server: None,
                failover,
                acquire_timeout,
                turns: Turns::default(),
                statements,
                hold,
            });
        }
        let server = Server::new(settings, failover.clone())?;
        server.check().await?;
        let pool = observed(server.pool(settings.max_connections).await?);
        let background = match access {
            Access::Own => Some(observed(server.pool(settings.background_connections).await?)),
            Access::Look => None,
        };
        Ok(Self {
            write: pool.clone(),
            read: pool,
            background,
            server: Some(server),
            failover,
            acquire_timeout,
            turns: Turns::default(),
            statements,
            hold,
        })
    }

    /// The same database for webhooks and jobs, with connections that users' requests do not wait for.
    #[must_use]
    pub fn background(&self) -> Self {
        let mut database = self.clone();
        if let Some(pool) = &self.background {
            database.write = pool.clone();
            database.read = pool.clone();
        }
        database
    }

    /// Time limit for getting a connection from a pool.
    #[must_use]
    pub const fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }

    /// A connection to PostgreSQL outside the pools; `None` for SQLite.
    #[must_use]
    pub fn dedicated(&self) -> Option<Dedicated> {
        let server = self.server.clone()?;
        Some(Dedicated::new(server, self.statements.clone(), self.failover.clone()))
    }

    /// The connections for reading. A read may miss a write that another connection makes at the same time.
    #[must_use]
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The connection for single statements that write.
    #[must_use]
    pub const fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// The database system, which decides the SQL dialect.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Counts the statements that were run since the start, failed ones included: for tests which prove that the number
    /// of statements does not grow with the length of a page.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Waits for a turn at an account. A transaction that locks the account takes a turn before it begins, and keeps it
    /// until it has ended.
    ///
    /// # Errors
    /// The turn did not come within the time limit for a connection.
    pub async fn turn(&self, account: Account) -> Result<Turn, DbErr> {
        self.turns.wait(account, self.acquire_timeout).await
    }

    /// As [`Self::turn`], at a user's account.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub async fn turn_of(&self, user_id: i64) -> Result<Turn, DbErr> {
        self.turn(Account::User(user_id)).await
    }

    /// As [`Self::turn`], where the account may be unknown before the database is read.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub async fn turn_at(&self, account: Option<Account>) -> Result<Option<Turn>, DbErr> {
        match account {
            Some(account) => Ok(Some(self.turn(account).await?)),
            None => Ok(None),
        }
    }

    /// Begins a transaction that writes. SQLite's takes the write lock at once: one that reads first and writes later
    /// would fail whenever another writer came in between.
    ///
    /// # Errors
    /// No connection is available within the time limit.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Begins a transaction that reads, all its statements from one snapshot.
    ///
    /// # Errors
    /// No connection is available within the time limit.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let postgres = self.backend() == DbBackend::Postgres;
        let options = match self.backend() {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
                ..TransactionOptions::default()
            },
        };
        let tx = self.read.begin_with_options(options).await?;
        if postgres {
            // Reading all rows may take long, and waits for no lock.
            tx.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
                .await?;
        }
        Ok(tx)
    }

    /// Tests that rows can be written, by an update that is rolled back.
    ///
    /// # Errors
    /// The reason why not, such as a server that is read-only.
    pub async fn test_write(&self) -> Result<(), DbErr> {
        let tx = self.begin().await?;
        // Every database of the gateway has this table, and nothing else locks its rows.
        let update = "UPDATE seaql_migrations SET applied_at = applied_at";
        tx.execute_raw(Statement::from_string(self.backend(), update)).await?;
        tx.rollback().await
    }

    /// Closes every connection, once the statements under way have ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn close(&self) -> Result<(), DbErr> {
        if let Some(background) = &self.background {
            background.close_by_ref().await?;
        }
        self.read.close_by_ref().await?;
        self.write.close_by_ref().await
    }
}

/// Begins a part of a transaction that can be rolled back alone.
///
/// # Errors
/// The database's.
pub async fn savepoint(tx: &DatabaseTransaction) -> Result<DatabaseTransaction, DbErr> {
    tx.begin_with_options(TransactionOptions::default()).await
}

/// Counts and traces a pool's statements, and notices those that fail. Their values may be personal data,
/// so they are not traced.
fn observe(pool: &mut DatabaseConnection, statements: &Arc<AtomicU64>, failover: &Arc<Failover>) {
    let (statements, failover) = (statements.clone(), failover.clone());
    pool.set_metric_callback(move |statement| {
        statements.fetch_add(1, Ordering::Relaxed);
        let (sql, microseconds) = (&statement.statement.sql, statement.elapsed.as_micros());
        tracing::trace!(sql, microseconds, failed = statement.failed, "statement");
        if statement.failed {
            failover.record_failure();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_show_no_password() {
        let second = Duration::from_secs(1);
        let settings = Settings {
            url: "postgres://ada:correct-horse@localhost/patch_hive".to_owned(),
            max_connections: 1,
            background_connections: 1,
            acquire_timeout: second,
            statement_timeout: second,
            lock_timeout: second,
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("max_connections: 1") && !shown.contains("correct-horse"), "{shown}");
    }
}
