//! The invoice of a pack, and the amount that credit notes have credited for it.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text_null},
};

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0008_pack_credit"
    }
}

/// The index by which a pack is found by its invoice.
const INVOICES: &str = "CREATE UNIQUE INDEX stripe_payments_invoice ON stripe_payments (stripe_invoice_id)";

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            manager.alter_table(Table::alter().table("stripe_payments").add_column(column).to_owned()).await?;
        }
        manager.get_connection().execute_unprepared(INVOICES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX stripe_payments_invoice").await?;
        for column in columns() {
            let drop = Table::alter().table("stripe_payments").drop_column(column.get_column_name()).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The columns of `stripe_payments` that this step adds.
fn columns() -> [ColumnDef; 3] {
    let amount = |name: &'static str| big_integer(name).default(0).to_owned();
    [amount("amount_credited"), amount("credit_fence"), text_null("stripe_invoice_id")]
}
