//! Deletes old rows in batches: each holds the writer of a SQLite file for some milliseconds.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::Database;

/// The number of rows that one statement deletes.
const BATCH: u64 = 100;

/// The largest number of statements of one run. The next run deletes the rest.
const MAX_BATCHES: usize = 1000;

/// The rows of a table that are deleted after a time.
#[derive(Clone, Copy, Debug)]
pub struct Old {
    /// The table.
    pub table: &'static str,
    /// The column that names a row.
    pub key: &'static str,
    /// The column that decides the age of a row.
    pub time: &'static str,
    /// The rows that may be deleted. A database uses a partial index only for the exact condition of the index.
    pub condition: &'static str,
}

impl Old {
    /// Deletes the rows from before a time, the oldest first, and returns their number.
    ///
    /// # Errors
    /// The database's. The remaining rows are deleted the next time.
    pub async fn delete(&self, database: &Database, before: DateTime<Utc>) -> Result<u64, DbErr> {
        let sql = self.statement(database.backend());
        let mut deleted = 0;
        for _ in 0..MAX_BATCHES {
            let values = [before.into(), BATCH.cast_signed().into()];
            let statement = Statement::from_sql_and_values(database.backend(), &sql, values);
            let batch = database.write().execute_raw(statement).await?.rows_affected();
            deleted += batch;
            if batch < BATCH {
                break;
            }
        }
        Ok(deleted)
    }

    /// PostgreSQL looks up each element of an array by the index. It would read the whole table to join it with the rows.
    fn statement(&self, backend: DbBackend) -> String {
        let Self { table, key, time, condition } = self;
        let oldest = format!("SELECT {key} FROM {table} WHERE {condition} AND {time} < $1 ORDER BY {time} LIMIT $2");
        match backend {
            DbBackend::Postgres => format!("DELETE FROM {table} WHERE {key} = ANY(ARRAY({oldest}))"),
            _ => format!("DELETE FROM {table} WHERE {key} IN ({oldest})"),
        }
    }
}
