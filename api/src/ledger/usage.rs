//! Counts exports by time.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

/// The exports of a user in an interval of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ExportCount {
    /// The place of the interval in the list.
    pub place: i64,
    /// The number of exports.
    pub exports: i64,
    /// The credits that they cost.
    pub credits: i64,
}

/// Each interval is a range of the index over exports, which holds all that is counted: the type is named in its words.
const POSTGRES: &str = "
SELECT CAST(part.place AS bigint) AS place, counted.exports, counted.credits
  FROM part CROSS JOIN LATERAL (
       SELECT COUNT(*) AS exports, CAST(COALESCE(-SUM(e.credits_delta), 0) AS bigint) AS credits
         FROM credits_ledger e
        WHERE e.user_id = $1 AND e.change_type = 'Spend' AND e.created_at >= part.since AND e.created_at < part.until
       ) AS counted
 WHERE counted.exports > 0";

/// The order of a cross join is kept, so that the index is searched for each interval.
const SQLITE: &str = "
SELECT part.place AS place, COUNT(*) AS exports, CAST(-SUM(e.credits_delta) AS bigint) AS credits
  FROM part CROSS JOIN credits_ledger e
 WHERE e.user_id = $1 AND e.change_type = 'Spend' AND e.created_at >= part.since AND e.created_at < part.until
 GROUP BY part.place";

/// Counts a user's exports between each of these times and the next one. Intervals without exports are left out.
///
/// # Errors
/// A failed statement.
pub async fn exports_between(
    db: &impl ConnectionTrait,
    user_id: i64,
    bounds: &[DateTime<Utc>],
) -> Result<Vec<ExportCount>, DbErr> {
    let backend = db.get_database_backend();
    if bounds.len() < 2 {
        return Ok(Vec::new());
    }
    let mut parts = String::new();
    for place in 0..bounds.len() - 1 {
        let (comma, since, until) = (if place == 0 { "" } else { ", " }, place + 2, place + 3);
        let row = match backend {
            DbBackend::Postgres => {
                write!(parts, "{comma}({place}, CAST(${since} AS timestamptz), CAST(${until} AS timestamptz))")
            }
            _ => write!(parts, "{comma}({place}, ${since}, ${until})"),
        };
        row.map_err(|error| DbErr::Custom(error.to_string()))?;
    }
    let count = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let sql = format!("WITH part (place, since, until) AS (VALUES {parts}) {count}");
    let values = std::iter::once(Value::from(user_id)).chain(bounds.iter().map(|bound| Value::from(*bound)));
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    rows.iter().map(|row| ExportCount::from_query_result(row, "")).collect()
}
