//! The facts behind reversals of credits, and behind the entries of a plan.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, text, text_null},
};

use crate::append_only;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0013_reversals"
    }
}

const REVERSALS: &str = "ledger_reversals";

/// Until this step, an invoice of a period counted as a change of plan if another one was recorded before it.
const LATER_INVOICES: &str = "UPDATE stripe_invoice_periods SET prorated = TRUE \
    WHERE id NOT IN (SELECT MIN(id) FROM stripe_invoice_periods GROUP BY period_id)";

/// Reconciliation looks at packs with credit notes again, since a note may be voided.
const CREDITED_PACKS: &str = "CREATE INDEX stripe_payments_credited ON stripe_payments (id) WHERE amount_credited > 0";

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reversals = Table::create()
            .table(REVERSALS)
            .col(big_integer("entry_id").primary_key())
            .col(text("reference"))
            .col(text("cause"))
            .col(big_integer_null("amount"))
            .col(text_null("currency"))
            .col(text_null("stripe_invoice_id"))
            .col(big_integer("refunded"))
            .col(big_integer("disputed"))
            .col(big_integer("credited"))
            .to_owned();
        manager.create_table(reversals).await?;
        let db = manager.get_connection();
        db.execute_unprepared(&format!("CREATE INDEX {REVERSALS}_reference ON {REVERSALS} (reference, entry_id)"))
            .await?;
        append_only::protect(manager, REVERSALS, "add another row instead").await?;
        manager
            .alter_table(Table::alter().table("stripe_invoices").add_column(text_null("currency")).to_owned())
            .await?;
        let prorated = boolean("prorated").default(false).to_owned();
        manager.alter_table(Table::alter().table("stripe_invoice_periods").add_column(prorated).to_owned()).await?;
        db.execute_unprepared(LATER_INVOICES).await?;
        db.execute_unprepared(CREDITED_PACKS).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX stripe_payments_credited").await?;
        manager.alter_table(Table::alter().table("stripe_invoice_periods").drop_column("prorated").to_owned()).await?;
        manager.alter_table(Table::alter().table("stripe_invoices").drop_column("currency").to_owned()).await?;
        append_only::unprotect(manager, REVERSALS).await?;
        manager.drop_table(Table::drop().table(REVERSALS).to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
