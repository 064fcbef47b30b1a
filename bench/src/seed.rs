//! Inserts the rows that the workloads need: users with credits, each with a Stripe customer.

use sea_orm::{ConnectionTrait, Database};

use crate::Failure;

/// Initial credits of each user: more than all charges together can spend.
pub(crate) const CREDITS: i64 = 100_000_000;

/// Fills an empty database.
pub(crate) async fn fill(url: &str, users: i64) -> Result<(), Failure> {
    let numbers = format!("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {users})");
    let now = "'2026-01-01T00:00:00+00:00'";
    let time = if url.starts_with("sqlite:") { now.to_owned() } else { format!("{now}::timestamptz") };
    let database = Database::connect(url).await?;
    for statement in [
        format!(
            "INSERT INTO users (id, email, username, created_at) {numbers} \
             SELECT n, 'user' || n || '@bench.example', 'user' || n, {time} FROM n"
        ),
        format!(
            "INSERT INTO credits_ledger \
             (user_id, version, change_type, credits_delta, balance_after, source, notes, created_at) {numbers} \
             SELECT n, 1, 'Grant', {CREDITS}, {CREDITS}, 'legacy:' || n, 'bench', {time} FROM n"
        ),
        format!(
            "INSERT INTO credit_accounts (user_id, balance, version, updated_at) {numbers} \
             SELECT n, {CREDITS}, 1, {time} FROM n"
        ),
        format!(
            "INSERT INTO stripe_customers (user_id, stripe_customer_id, created_at) {numbers} \
             SELECT n, 'cus_bench' || n, {time} FROM n"
        ),
    ] {
        database.execute_unprepared(&statement).await?;
    }
    database.close().await?;
    Ok(())
}
