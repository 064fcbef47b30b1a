//! Refuses rows that the gateway cannot work with, and names them.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{Connection, column::Column, refuse};

/// The largest balance: what a client can read.
const MAX_BALANCE: i64 = i32::MAX as i64;

/// Maximum number of rows named in a refusal.
const NAMED: usize = 5;

/// Refuses users who lack a required value, and users whom the gateway could not tell apart.
pub(super) async fn check_users(db: &Connection<'_>, columns: &[Column]) -> Result<(), DbErr> {
    for column in ["email", "username"] {
        refuse_rows(db, "users", &format!("{column} IS NULL"), &format!("have no {column}")).await?;
    }
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    if has("role") {
        let odd = "role IS NULL OR CAST(role AS TEXT) NOT IN ('user', 'service', 'admin')";
        refuse_rows(db, "users", odd, "have a role that is not user, service or admin").await?;
    }
    if has("created_at") {
        refuse_rows(db, "users", no_time(db), "have no time as created_at").await?;
    }
    let alike = "SELECT MIN(email) || ' and ' || MAX(email) FROM users GROUP BY lower(email) HAVING COUNT(*) > 1";
    let pairs = some(db, alike).await?;
    if pairs.is_empty() {
        return Ok(());
    }
    refuse(format!("users must differ in more than the case of their email, and these do not: {}", list(&pairs)))
}

/// Refuses entries that lack a valid value, or belong to no user.
pub(super) async fn check_ledger(db: &Connection<'_>) -> Result<(), DbErr> {
    let sqlite = db.get_database_backend() != DbBackend::Postgres;
    let no_integer = |column| {
        // SQLite stores a value of any type, regardless of the column's type.
        if sqlite { format!("typeof({column}) <> 'integer'") } else { format!("{column} IS NULL") }
    };
    let odd_type = "change_type IS NULL OR CAST(change_type AS TEXT) NOT IN ('Purchase', 'Spend', 'Grant', 'Refund')";
    let beyond = format!("credits_delta NOT BETWEEN {} AND {MAX_BALANCE}", -MAX_BALANCE);
    let nobody = "NOT EXISTS (SELECT 1 FROM users u WHERE u.id = credits_ledger.user_id)";
    for (condition, fault) in [
        (no_integer("user_id").as_str(), "have no user_id"),
        (no_integer("credits_delta").as_str(), "have no integer as credits_delta"),
        (beyond.as_str(), "have a credits_delta beyond 2,147,483,647"),
        (odd_type, "have a change_type that is not Purchase, Spend, Grant or Refund"),
        (no_time(db), "have no time as created_at"),
        (nobody, "are of no user in the table users"),
    ] {
        refuse_rows(db, "credits_ledger", condition, fault).await?;
    }
    Ok(())
}

/// Refuses balances beyond what a client can read, once they are computed.
pub(super) async fn check_balances(db: &Connection<'_>) -> Result<(), DbErr> {
    let beyond = format!("balance_after NOT BETWEEN {} AND {MAX_BALANCE}", -MAX_BALANCE);
    refuse_rows(db, "credits_ledger", &beyond, "lead to a balance beyond 2,147,483,647").await
}

/// A condition for times that a program cannot parse. SQLite's times are as applications write them: text with an offset, text
/// in UTC without one, or seconds since 1970.
fn no_time(db: &Connection<'_>) -> &'static str {
    match db.get_database_backend() {
        DbBackend::Postgres => "created_at IS NULL OR NOT isfinite(created_at)",
        _ => {
            "CASE typeof(created_at) WHEN 'integer' THEN FALSE WHEN 'text' THEN julianday(created_at) IS NULL OR \
             created_at NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][ T][0-9][0-9]:[0-9][0-9]*' ELSE TRUE END"
        }
    }
}

async fn refuse_rows(db: &Connection<'_>, table: &str, condition: &str, fault: &str) -> Result<(), DbErr> {
    let ids = some(db, &format!("SELECT CAST(id AS TEXT) FROM {table} WHERE {condition} ORDER BY id")).await?;
    if ids.is_empty() {
        return Ok(());
    }
    refuse(format!("rows of {table} {fault}, and have to be corrected first: id {}", list(&ids)))
}

/// The first [`NAMED`] values, and one more where there are more.
async fn some(db: &Connection<'_>, sql: &str) -> Result<Vec<String>, DbErr> {
    let sql = format!("{sql} LIMIT {}", NAMED + 1);
    let answers = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    answers.iter().map(|answer| answer.try_get_by_index(0)).collect()
}

fn list(found: &[String]) -> String {
    let first = found.get(..NAMED).unwrap_or(found).join(", ");
    if found.len() > NAMED { format!("{first} and more") } else { first }
}
