//! The price of each subscription, its unpaid invoice, and whether it was undone without a refund.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer_null, boolean, text_null, timestamp_with_time_zone_null},
};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0007_subscription_money"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            let add = Table::alter().table("stripe_subscriptions").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            let drop = Table::alter().table("stripe_subscriptions").drop_column(column.get_column_name()).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The columns of `stripe_subscriptions` that this step adds.
fn columns() -> [ColumnDef; 7] {
    [
        big_integer_null("price"),
        text_null("currency"),
        big_integer_null("unpaid_amount"),
        timestamp_with_time_zone_null("unpaid_since"),
        timestamp_with_time_zone_null("unpaid_retry_at"),
        text_null("unpaid_url"),
        boolean("undone").default(false).to_owned(),
    ]
}
