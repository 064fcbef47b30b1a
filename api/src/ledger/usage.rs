//! Counts exports by time.

use chrono::{DateTime, NaiveDate, Utc};
use entity::ledger_entry;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::Expr,
};

/// The exports of a user on one day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct DayOfExports {
    /// The day.
    pub day: NaiveDate,
    /// The number of exports.
    pub exports: i64,
    /// The credits that they cost.
    pub credits: i64,
}

/// Counts a user's exports from `from` until before `to`, by day. Days without exports are left out.
///
/// # Errors
/// A failed statement.
pub async fn exports_by_day(
    db: &impl ConnectionTrait,
    user_id: i64,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<DayOfExports>, DbErr> {
    let day = match db.get_database_backend() {
        DbBackend::Postgres => "CAST(created_at AT TIME ZONE 'UTC' AS date)",
        _ => "substr(created_at, 1, 10)",
    };
    ledger_entry::Entity::find()
        .select_only()
        .expr_as(Expr::cust(day), "day")
        .expr_as(Expr::cust("COUNT(*)"), "exports")
        .expr_as(Expr::cust("CAST(-SUM(credits_delta) AS bigint)"), "credits")
        .filter(ledger_entry::Column::UserId.eq(user_id))
        // In the words of the index over exports.
        .filter(Expr::cust("change_type = 'Spend'"))
        .filter(ledger_entry::Column::CreatedAt.gte(from))
        .filter(ledger_entry::Column::CreatedAt.lt(to))
        .group_by(Expr::cust(day))
        .into_model()
        .all(db)
        .await
}
