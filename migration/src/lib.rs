//! The schema of the gateway's database, one file for each step.
//!
//! Names are written out here and never taken from `entity`: a step describes the tables as they were when it was written.
//! Any number of processes may call [`up`] at once; one does the work, the others wait for it and find nothing to do.

mod accounts;
mod administration;
mod adoption;
mod alerts;
mod append_only;
mod checkouts;
mod closing;
mod error;
mod events;
mod holds;
mod manual_entries;
mod pack_credit;
mod pending_refunds;
mod protected_actions;
mod reversals;
mod stripe;
mod subscription_money;
mod tokens;
mod top_ups;
mod unconfirmed;
mod usage;
mod work;

use std::collections::HashSet;

use sea_orm_migration::{
    MigrationTrait, MigratorTrait, SchemaManager, async_trait,
    prelude::{ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement},
    sea_orm::{
        ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode, Statement,
        TransactionOptions, TransactionTrait,
    },
};

pub use error::Error;
pub use sea_orm_migration::MigrationStatus;

/// Names the advisory lock that PostgreSQL takes for migrations: the letters "hive".
const LOCK: i32 = 0x6869_7665;

/// The table that lists the applied steps.
const APPLIED: &str = "seaql_migrations";

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(accounts::Step),
            Box::new(stripe::Step),
            Box::new(work::Step),
            Box::new(manual_entries::Step),
            Box::new(tokens::Step),
            Box::new(checkouts::Step),
            Box::new(subscription_money::Step),
            Box::new(pack_credit::Step),
            Box::new(usage::Step),
            Box::new(closing::Step),
            Box::new(administration::Step),
            Box::new(holds::Step),
            Box::new(reversals::Step),
            Box::new(protected_actions::Step),
            Box::new(events::Step),
            Box::new(alerts::Step),
            Box::new(top_ups::Step),
            Box::new(pending_refunds::Step),
            Box::new(unconfirmed::Step),
        ]
    }
}

/// One step and whether it is applied.
#[derive(Clone, Debug)]
pub struct Step {
    /// The step's name, which is also what `seaql_migrations` stores.
    pub name: String,
    /// Pending or applied.
    pub status: MigrationStatus,
}

/// Applies every pending step, all of them or none. Tables of an existing Patch-Hive application are adopted with their
/// rows.
///
/// # Errors
/// [`Error`]. Nothing is changed then.
pub async fn up(db: &DatabaseConnection) -> Result<(), Error> {
    if pending(db).await? == 0 {
        // A newer program may have applied further steps, which does not stop an older one from starting.
        return Ok(());
    }
    let tx = begin_alone(db).await?;
    Migrator::up(&tx, None).await?;
    Ok(tx.commit().await?)
}

/// Undoes the newest `steps` steps, all of them or none, unless the ledger holds entries that the gateway has posted.
///
/// # Errors
/// [`Error`]. Nothing is changed then.
pub async fn down(db: &DatabaseConnection, steps: u32) -> Result<(), Error> {
    let tx = begin_alone(db).await?;
    refuse_loss(&tx).await?;
    Migrator::down(&tx, Some(steps)).await?;
    Ok(tx.commit().await?)
}

/// Undoes the newest `steps` steps, all of them or none, even if data is lost.
///
/// # Errors
/// [`Error`]. Nothing is changed then.
pub async fn force_down(db: &DatabaseConnection, steps: u32) -> Result<(), Error> {
    let tx = begin_alone(db).await?;
    Migrator::down(&tx, Some(steps)).await?;
    Ok(tx.commit().await?)
}

/// Lists every step, oldest first. Writes nothing.
///
/// # Errors
/// A database error, or the database contains a step that this version does not know.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<Step>, DbErr> {
    steps(db).await
}

/// Counts the steps of this program that are still to be applied. Writes nothing, and steps that only a newer program has
/// are ignored: a rolling update runs both.
///
/// # Errors
/// A database error.
pub async fn pending(db: &DatabaseConnection) -> Result<usize, DbErr> {
    let ours = Migrator::migrations();
    if !SchemaManager::new(db).has_table(APPLIED).await? {
        return Ok(ours.len());
    }
    let question = format!("SELECT version FROM {APPLIED}");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), question)).await?;
    let applied = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<HashSet<String>, _>>()?;
    Ok(ours.iter().filter(|step| !applied.contains(step.name())).count())
}

async fn steps(db: &impl ConnectionTrait) -> Result<Vec<Step>, DbErr> {
    let steps = Migrator::get_migration_with_status_read_only(db).await?;
    Ok(steps.iter().map(|step| Step { name: step.name().to_owned(), status: step.status() }).collect())
}

/// Begins a transaction during which no other migration runs.
async fn begin_alone(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let tx = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // The more rows, the longer a step takes, and another process's migration is worth waiting for.
        tx.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    Ok(tx)
}

/// Refuses once the gateway has posted entries: undoing any step deletes financial data, the first step the ledger itself.
async fn refuse_loss(tx: &DatabaseTransaction) -> Result<(), Error> {
    let ledger = steps(tx).await?.first().is_some_and(|step| step.status == MigrationStatus::Applied);
    if !ledger {
        return Ok(());
    }
    let count = "SELECT COUNT(*) FROM credits_ledger WHERE source NOT LIKE 'legacy:%'";
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), count)).await?;
    match row.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))? {
        0 => Ok(()),
        entries => Err(Error::Refused(format!(
            "the gateway has posted entries ({entries}); rolling back would lose data that they depend on. \
             Use --force to roll back anyway"
        ))),
    }
}

/// A foreign key that prevents the deletion of a user with rows, so that financial data is never deleted with a user.
fn belongs_to_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_user"))
        .from(table, "user_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::Restrict)
        .to_owned()
}
