//! What background jobs know of each other, and how they find their work.

use sea_orm_migration::{
    prelude::*,
    schema::{text, timestamp_with_time_zone},
};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0003_jobs"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let leases = Table::create()
            .table("job_leases")
            .col(text("job").primary_key())
            .col(timestamp_with_time_zone("leased_until"))
            .to_owned();
        manager.create_table(leases).await?;
        let ending = "CREATE INDEX credit_accounts_unlimited ON credit_accounts (unlimited_until) \
                      WHERE unlimited_until IS NOT NULL";
        manager.get_connection().execute_unprepared(ending).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX credit_accounts_unlimited").await?;
        manager.drop_table(Table::drop().table("job_leases").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
