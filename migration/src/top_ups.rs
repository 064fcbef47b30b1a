//! Automatic top-ups: the settings of each user with the saved card, and every charge.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, big_pk_auto, boolean, integer, integer_null, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
};

use crate::{accounts::tables::drop_table, belongs_to_user};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0017_top_ups"
    }
}

/// Of one user, at most one top-up is under way. The others find the accounts to look at, and the history of a user.
const INDEXES: [&str; 3] = [
    "CREATE UNIQUE INDEX top_ups_under_way ON top_ups (user_id) WHERE state IN ('pending', 'processing', 'action_required')",
    "CREATE INDEX auto_top_ups_active ON auto_top_ups (user_id) WHERE enabled AND pause IS NULL",
    "CREATE INDEX top_ups_of_user ON top_ups (user_id, id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(auto_top_ups()).await?;
        manager.create_table(top_ups()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "top_ups").await?;
        drop_table(manager, "auto_top_ups").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn auto_top_ups() -> TableCreateStatement {
    Table::create()
        .table("auto_top_ups")
        .col(big_integer("user_id").primary_key())
        .col(big_integer_null("below"))
        .col(big_integer_null("credits"))
        .col(big_integer_null("monthly_cap"))
        .col(boolean("enabled"))
        .col(text_null("pause"))
        .col(timestamp_with_time_zone_null("paused_at"))
        .col(integer("declines"))
        .col(timestamp_with_time_zone_null("not_before"))
        .col(text_null("payment_method"))
        .col(text_null("card_brand"))
        .col(text_null("card_last4"))
        .col(integer_null("card_expiry_month"))
        .col(integer_null("card_expiry_year"))
        .col(timestamp_with_time_zone_null("card_created_at"))
        .col(big_integer("version"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut belongs_to_user("auto_top_ups"))
        .to_owned()
}

fn top_ups() -> TableCreateStatement {
    Table::create()
        .table("top_ups")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(big_integer_null("operation_id"))
        .col(big_integer("decided_version"))
        .col(big_integer("available"))
        .col(big_integer("below"))
        .col(big_integer("credits"))
        .col(big_integer("amount"))
        .col(big_integer("cap"))
        .col(text("month"))
        .col(text("state"))
        .col(text_null("decline_code"))
        .col(text_null("stripe_invoice_id").unique_key())
        .col(text_null("invoice_url"))
        .col(big_integer_null("payment_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .foreign_key(&mut belongs_to_user("top_ups"))
        .to_owned()
}
