//! How connections are opened in each dialect.

use std::{path::PathBuf, str::FromStr, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};

use super::{Access, Settings};

/// How long a SQLite connection waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The file of a SQLite database; `None` for PostgreSQL.
pub(super) fn file(url: &str) -> Result<Option<PathBuf>, DbErr> {
    if !url.starts_with("sqlite:") {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(Some(options.get_filename().to_owned()))
}

/// The connections to write by and to read by.
pub(super) async fn connections(
    settings: &Settings,
    access: Access,
) -> Result<(DatabaseConnection, DatabaseConnection), DbErr> {
    if file(&settings.url)?.is_some() {
        let write = Database::connect(sqlite(settings, access, 1)).await?;
        let read = Database::connect(sqlite(settings, access, settings.max_connections)).await?;
        return Ok((write, read));
    }
    PgConnectOptions::from_str(&settings.url).map_err(|error| DbErr::Custom(error.to_string()))?;
    let pool = Database::connect(postgres(settings)).await?;
    Ok((pool.clone(), pool))
}

fn postgres(settings: &Settings) -> ConnectOptions {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let (statement, lock) = (milliseconds(settings.statement_timeout), milliseconds(settings.lock_timeout));
    let mut options = ConnectOptions::new(&settings.url);
    options
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |options| {
            options.application_name("patch-hive").options([("statement_timeout", &statement), ("lock_timeout", &lock)])
        });
    options
}

fn sqlite(settings: &Settings, access: Access, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(&settings.url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(settings.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .create_if_missing(access == Access::Own)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
        });
    options
}
