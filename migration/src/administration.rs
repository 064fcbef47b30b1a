//! The record of what admins did, and the indexes by which they find what needs them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, text, text_null, timestamp_with_time_zone},
};

use crate::belongs_to_user;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0011_administration"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let actions = Table::create()
            .table("admin_actions")
            .col(big_pk_auto("id"))
            .col(big_integer("actor_id"))
            .col(text("kind"))
            .col(big_integer_null("user_id"))
            .col(big_integer_null("entry_id"))
            .col(text_null("event_id"))
            .col(timestamp_with_time_zone("created_at"))
            .foreign_key(&mut belongs_to_user("admin_actions"))
            .to_owned();
        manager.create_table(actions).await?;
        for (name, columns) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        manager.drop_table(Table::drop().table("admin_actions").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [(&str, &str); 4] = [
    ("admin_actions_user", "admin_actions (user_id, id)"),
    ("stripe_operations_refused", "stripe_operations (state, id) WHERE state = 'refused'"),
    ("work_failed", "work (created_at, id) WHERE error IS NOT NULL"),
    ("work_overdue", "work (due_at, id)"),
];
