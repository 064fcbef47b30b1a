//! Leases: of several replicas one does a job at a time. Should one die with a lease, the next takes it once it has run out.
//! (The jobs are safe to do twice all the same; a lease saves the work.)

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::app::App;

/// Takes the lease of a job, unless another replica has it. One that lasts far longer than a lease can was taken by a clock
/// that was ahead, and counts for nothing.
///
/// # Errors
/// What the database says.
pub(super) async fn take(app: &App, job: &str, duration: Duration) -> Result<bool, DbErr> {
    let now = app.clock.wall();
    let statement = Statement::from_sql_and_values(
        app.database.backend(),
        "INSERT INTO job_leases (job, leased_until) VALUES ($1, $2) ON CONFLICT (job) DO UPDATE \
         SET leased_until = excluded.leased_until WHERE job_leases.leased_until <= $3 \
         OR job_leases.leased_until > $4",
        [job.into(), (now + duration).into(), now.into(), (now + duration * 2).into()],
    );
    Ok(app.database.write().execute_raw(statement).await?.rows_affected() == 1)
}
