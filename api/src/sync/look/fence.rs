//! The fence of looks: a number that grows with each look of any replica.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::database::Database;

const NEXT_POSTGRES: &str = "SELECT nextval('stripe_look_fence')";
const NEXT_SQLITE: &str = "UPDATE stripe_look_fence SET value = value + 1 RETURNING value";

/// Takes the next number. It is durable at once, even if the look fails.
pub(super) async fn take(database: &Database) -> Result<i64, DbErr> {
    let backend = database.backend();
    let next = if backend == DbBackend::Postgres { NEXT_POSTGRES } else { NEXT_SQLITE };
    let row = database.write().query_one_raw(Statement::from_string(backend, next)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("stripe_look_fence".to_owned()))?.try_get_by_index(0)
}
