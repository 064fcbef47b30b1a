//! The queue of due work.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_pk_auto, integer, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0003_work"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let work = Table::create()
            .table("work")
            .col(big_pk_auto("id"))
            .col(text("kind"))
            .col(text("key"))
            .col(timestamp_with_time_zone("due_at"))
            .col(big_integer("generation"))
            .col(integer("attempts"))
            .col(timestamp_with_time_zone_null("leased_until"))
            .col(big_integer("lease"))
            .col(text_null("error"))
            .col(timestamp_with_time_zone("created_at"))
            .index(Index::create().name("work_key").col("kind").col("key").unique())
            .to_owned();
        manager.create_table(work).await?;
        let due = "CREATE INDEX work_due ON work (kind, due_at)";
        manager.get_connection().execute_unprepared(due).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("work").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
