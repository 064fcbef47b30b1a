//! What is going to become of subscriptions: the schedules that steer them, and when we last asked what they are like.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_pk_auto, boolean, json_binary, text, text_null},
};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0005_plan_changes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schedules = Table::create()
            .table("stripe_schedules")
            .col(big_pk_auto("id"))
            .col(text("stripe_schedule_id").unique_key())
            .col(boolean("ended"))
            .col(json_binary("phases"))
            .col(big_integer("observed_at"))
            .col(big_integer("asked_at"))
            .to_owned();
        manager.create_table(schedules).await?;
        for column in [text_null("stripe_schedule_id"), big_integer("asked_at").default(0).to_owned()] {
            let add = Table::alter().table("stripe_subscriptions").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let index = "CREATE INDEX stripe_subscriptions_schedule ON stripe_subscriptions (stripe_schedule_id) \
                     WHERE stripe_schedule_id IS NOT NULL";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX stripe_subscriptions_schedule").await?;
        for column in ["asked_at", "stripe_schedule_id"] {
            let drop = Table::alter().table("stripe_subscriptions").drop_column(column).to_owned();
            manager.alter_table(drop).await?;
        }
        manager.drop_table(Table::drop().table("stripe_schedules").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
