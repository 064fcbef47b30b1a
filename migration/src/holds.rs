//! The credits that are held for exports in progress.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text, timestamp_with_time_zone},
};

use crate::{accounts::tables::drop_table, belongs_to_user};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0012_holds"
    }
}

/// The columns that this step adds, with their tables. Entries and accounts from before hold nothing.
const COLUMNS: [(&str, &str); 2] = [("credit_accounts", "held"), ("credits_ledger", "held_delta")];

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, name) in COLUMNS {
            let column = big_integer(name).default(0).to_owned();
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        let holds = Table::create()
            .table("credit_holds")
            .col(big_integer("id").primary_key())
            .col(big_integer("user_id"))
            .col(text("run"))
            .col(big_integer("credits"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .col(timestamp_with_time_zone("extendable_until"))
            .foreign_key(&mut belongs_to_user("credit_holds"))
            .to_owned();
        manager.create_table(holds).await?;
        let of_user = "CREATE INDEX credit_holds_of_user ON credit_holds (user_id, id)";
        manager.get_connection().execute_unprepared(of_user).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "credit_holds").await?;
        for (table, name) in COLUMNS {
            manager.alter_table(Table::alter().table(table).drop_column(name).to_owned()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
