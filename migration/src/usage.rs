//! The index by which exports are counted by time.

use sea_orm_migration::prelude::*;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0009_usage"
    }
}

/// Holds all that is counted, so that no row of the ledger is read: SQLite would read one for the type, though only one is here.
const INDEX: &str = "CREATE INDEX credits_ledger_spent ON credits_ledger (user_id, created_at, credits_delta, change_type) \
    WHERE change_type = 'Spend'";

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(INDEX).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX credits_ledger_spent").await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
