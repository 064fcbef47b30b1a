//! Alerts, and the settings by which users receive them.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, big_pk_auto, boolean, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

use crate::belongs_to_user;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0016_alerts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(alert_settings()).await?;
        manager.create_table(alerts()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("alerts").to_owned()).await?;
        manager.drop_table(Table::drop().table("alert_settings").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [&str; 3] = [
    "CREATE INDEX alert_settings_followed ON alert_settings (user_id) WHERE kind = 'low_balance' AND enabled",
    "CREATE INDEX alerts_of_user ON alerts (user_id, id)",
    "CREATE INDEX alerts_created ON alerts (created_at)",
];

fn alert_settings() -> TableCreateStatement {
    Table::create()
        .table("alert_settings")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("kind"))
        .col(boolean("enabled"))
        .col(big_integer_null("below"))
        .col(big_integer("revision"))
        .col(big_integer("since_version"))
        .col(big_integer_null("since_available"))
        .col(big_integer("seen_version"))
        .col(big_integer("seen_held"))
        .col(big_integer_null("seen_available"))
        .col(timestamp_with_time_zone("updated_at"))
        .index(Index::create().name("alert_settings_kind").col("user_id").col("kind").unique())
        .foreign_key(&mut belongs_to_user("alert_settings"))
        .to_owned()
}

fn alerts() -> TableCreateStatement {
    Table::create()
        .table("alerts")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("kind"))
        .col(text("subject"))
        .col(big_integer_null("version"))
        .col(big_integer_null("below"))
        .col(big_integer_null("available"))
        .col(big_integer_null("previous"))
        .col(text_null("tier"))
        .col(timestamp_with_time_zone_null("ends_at"))
        .col(big_integer_null("amount"))
        .col(text_null("currency"))
        .col(timestamp_with_time_zone("created_at"))
        .index(Index::create().name("alerts_subject").col("user_id").col("kind").col("subject").unique())
        .foreign_key(&mut belongs_to_user("alerts"))
        .to_owned()
}
