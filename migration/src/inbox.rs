//! How operators page through the inbox of webhooks, and how the payloads to prune are found.

use sea_orm_migration::prelude::*;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0007_inbox"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, rows) in INDEXES {
            let create = format!("CREATE INDEX {name} ON stripe_events {rows}");
            manager.get_connection().execute_unprepared(&create).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A pruned payload is an empty one, which no event has: the column stays as it is, and so an older program goes on
/// beside a newer one.
const INDEXES: [(&str, &str); 4] = [
    ("stripe_events_received", "(received_at, event_id)"),
    ("stripe_events_status", "(status, received_at, event_id)"),
    ("stripe_events_type", "(type, received_at, event_id)"),
    ("stripe_events_prunable", "(received_at) WHERE payload <> '' AND status IN ('applied', 'ignored')"),
];
