//! The author of a ledger entry made by hand.

use sea_orm_migration::{prelude::*, schema::big_integer};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0004_manual_entries"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let entries = Table::create()
            .table("manual_entries")
            .col(big_integer("entry_id").primary_key())
            .col(big_integer("actor_id"))
            .to_owned();
        manager.create_table(entries).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("manual_entries").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
