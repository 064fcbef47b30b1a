//! The checkouts that users opened.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, text, text_null, timestamp_with_time_zone},
};

use crate::belongs_to_user;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0006_checkouts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let checkouts = Table::create()
            .table("stripe_checkouts")
            .col(big_pk_auto("id"))
            .col(big_integer("user_id"))
            .col(text("stripe_checkout_session_id").unique_key())
            .col(text_null("tier"))
            .col(big_integer_null("credits"))
            .col(big_integer("amount"))
            .col(text("currency"))
            .col(text("status"))
            .col(timestamp_with_time_zone("created_at"))
            .foreign_key(&mut belongs_to_user("stripe_checkouts"))
            .to_owned();
        manager.create_table(checkouts).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("stripe_checkouts").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [&str; 2] = [
    "CREATE INDEX stripe_checkouts_user ON stripe_checkouts (user_id)",
    "CREATE INDEX stripe_checkouts_created ON stripe_checkouts (created_at)",
];
