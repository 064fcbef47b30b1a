//! Connections. SQLite has one for writing and several for reading; PostgreSQL has one pool for both.

mod hold;
mod open;

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
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// Where the rows are, and how long anything may take there.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite:` or `postgres:` URL.
    pub url: String,
    /// Connections of the pool; of SQLite's readers.
    pub max_connections: u32,
    /// How long a request waits for a connection of the pool.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL may work on a statement.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock in PostgreSQL.
    pub lock_timeout: Duration,
}

/// The URL may hold a password, and is left out.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}

/// What a process wants of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To serve it or to change its form: a SQLite file is made where there is none, and is this process's alone.
    Own,
    /// To look at it, also while another process serves it.
    Look,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves this SQLite file.
    #[error("{0} is in use by another patch-hive: stop that one first, or use PostgreSQL, which serves any number")]
    InUse(String),
    /// The file beside it, which says so, cannot be written.
    #[error("cannot lock {0}: {1}")]
    Lock(String, std::io::Error),
    /// It cannot be reached, or its URL is odd.
    #[error("cannot open the database: {0}")]
    Database(#[from] DbErr),
}

/// Claims a SQLite file for this process, for as long as the returned lock stays open, and opens nothing: for what has to
/// be done to the file before. `None` for PostgreSQL, which serves any number.
///
/// # Errors
/// [`OpenError::InUse`] when another process serves it, and whatever else is wrong with the file.
pub async fn claim(url: &str) -> Result<Option<File>, OpenError> {
    match open::file(url)? {
        Some(file) => Ok(Some(hold::take(&file).await?)),
        None => Ok(None),
    }
}

/// The open database.
#[derive(Clone, Debug)]
pub struct Database {
    write: DatabaseConnection,
    read: DatabaseConnection,
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
        let (mut write, mut read) = open::connections(settings, access).await?;
        let statements = Arc::default();
        count(&mut write, &statements);
        count(&mut read, &statements);
        Ok(Self { write, read, statements, hold })
    }

    /// For reading. What is read may be older than what another connection writes at the same time.
    #[must_use]
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For single statements that write.
    #[must_use]
    pub const fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Which of the two dialects is spoken.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// How many statements were run since the start, failed ones too: for operators, and for tests which prove that a page
    /// costs no more of them the longer it is.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Begins a transaction that writes. SQLite's takes the write lock at once: one that reads first and writes later
    /// would fail whenever another writer came in between.
    ///
    /// # Errors
    /// No connection is to be had.
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
    /// No connection is to be had.
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
            // Looking at everything takes as long as it takes, and waits for nobody's lock.
            tx.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        }
        Ok(tx)
    }

    /// Closes every connection, once the statements under way have ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.write.close().await
    }
}

/// Begins a part of a transaction that can be taken back by itself.
///
/// # Errors
/// What the database says.
pub async fn savepoint(tx: &DatabaseTransaction) -> Result<DatabaseTransaction, DbErr> {
    tx.begin_with_options(TransactionOptions::default()).await
}

fn count(connection: &mut DatabaseConnection, statements: &Arc<AtomicU64>) {
    let statements = statements.clone();
    connection.set_metric_callback(move |_| {
        statements.fetch_add(1, Ordering::Relaxed);
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
            acquire_timeout: second,
            statement_timeout: second,
            lock_timeout: second,
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("max_connections: 1") && !shown.contains("correct-horse"), "{shown}");
    }
}
