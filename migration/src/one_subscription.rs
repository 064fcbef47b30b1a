//! How a user's last operation and living subscriptions are found.

use sea_orm_migration::prelude::*;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0006_one_subscription"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in [
            "CREATE INDEX stripe_operations_user ON stripe_operations (user_id, kind, id)",
            "CREATE INDEX stripe_subscriptions_living ON stripe_subscriptions (customer_id) \
             WHERE status NOT IN ('canceled', 'incomplete_expired')",
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["stripe_subscriptions_living", "stripe_operations_user"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
