//! The amount that credit notes have credited for a pack.

use sea_orm_migration::{prelude::*, schema::big_integer};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0008_pack_credit"
    }
}

/// Columns of `stripe_payments` that this step adds.
const COLUMNS: [&str; 2] = ["amount_credited", "credit_fence"];

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            let column = big_integer(name).default(0).to_owned();
            manager.alter_table(Table::alter().table("stripe_payments").add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            manager.alter_table(Table::alter().table("stripe_payments").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
