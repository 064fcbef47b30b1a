//! Revocation of tokens, and verification of emails.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

use crate::belongs_to_user;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0005_tokens"
    }
}

/// Columns of `users` that this step adds.
const COLUMNS: [&str; 2] = ["tokens_valid_from", "email_verified_at"];

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let add = Table::alter().table("users").add_column(timestamp_with_time_zone_null(column)).to_owned();
            manager.alter_table(add).await?;
        }
        let revoked = Table::create()
            .table("revoked_tokens")
            .col(text("token").primary_key())
            .col(big_integer("user_id"))
            .col(timestamp_with_time_zone("revoked_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .foreign_key(&mut belongs_to_user("revoked_tokens"))
            .to_owned();
        manager.create_table(revoked).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX users_tokens_valid_from").await?;
        manager.drop_table(Table::drop().table("revoked_tokens").to_owned()).await?;
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("users").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The indexes. Replicas read recent revocations once a second.
const INDEXES: [&str; 4] = [
    "CREATE INDEX users_tokens_valid_from ON users (tokens_valid_from) WHERE tokens_valid_from IS NOT NULL",
    "CREATE INDEX revoked_tokens_user ON revoked_tokens (user_id)",
    "CREATE INDEX revoked_tokens_revoked ON revoked_tokens (revoked_at)",
    "CREATE INDEX revoked_tokens_expires ON revoked_tokens (expires_at)",
];
