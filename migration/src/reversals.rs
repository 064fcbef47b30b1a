//! What goes back: payment intents with their refunds and disputes, which invoices paid for which periods, and customers
//! that were deleted at Stripe.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, big_pk_auto, boolean, text, timestamp_with_time_zone},
};

use crate::belongs_to_user;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0004_reversals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [invoices(), invoice_periods(), payment_intents(), refunds(), disputes(), former_customers()] {
            manager.create_table(table).await?;
        }
        for column in [big_integer("credits_reversed").default(0), boolean("studio_refunded").default(false)] {
            manager.alter_table(Table::alter().table("stripe_periods").add_column(column).to_owned()).await?;
        }
        let db = manager.get_connection();
        for statement in INDEXES.into_iter().chain([KNOWN_PACKS]) {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX stripe_events_waiting").await?;
        for column in ["studio_refunded", "credits_reversed"] {
            manager.alter_table(Table::alter().table("stripe_periods").drop_column(column).to_owned()).await?;
        }
        for table in [
            "stripe_former_customers",
            "stripe_disputes",
            "stripe_refunds",
            "stripe_payment_intents",
            "stripe_invoice_periods",
            "stripe_invoices",
        ] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [&str; 6] = [
    "CREATE UNIQUE INDEX stripe_invoice_periods_once ON stripe_invoice_periods (invoice_id, period_id, tier)",
    "CREATE INDEX stripe_invoice_periods_period ON stripe_invoice_periods (period_id)",
    "CREATE INDEX stripe_payment_intents_invoice ON stripe_payment_intents (invoice_id)",
    "CREATE INDEX stripe_refunds_payment_intent ON stripe_refunds (payment_intent_id)",
    "CREATE INDEX stripe_disputes_payment_intent ON stripe_disputes (payment_intent_id)",
    "CREATE INDEX stripe_events_waiting ON stripe_events (waits_for) WHERE waits_for IS NOT NULL",
];

/// Packs that were bought before can be refunded too.
const KNOWN_PACKS: &str = "INSERT INTO stripe_payment_intents \
     (user_id, stripe_payment_intent_id, amount_refunded, created_at) \
     SELECT user_id, stripe_payment_intent_id, 0, created_at FROM stripe_payments \
     WHERE stripe_payment_intent_id IS NOT NULL";

fn invoices() -> TableCreateStatement {
    Table::create()
        .table("stripe_invoices")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("stripe_invoice_id").unique_key())
        .col(big_integer("amount_paid"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_invoices"))
        .to_owned()
}

fn invoice_periods() -> TableCreateStatement {
    Table::create()
        .table("stripe_invoice_periods")
        .col(big_pk_auto("id"))
        .col(big_integer("invoice_id"))
        .col(big_integer("period_id"))
        .col(text("tier"))
        .col(big_integer("credits"))
        .foreign_key(&mut belongs_to("stripe_invoice_periods", "invoice_id", "stripe_invoices"))
        .foreign_key(&mut belongs_to("stripe_invoice_periods", "period_id", "stripe_periods"))
        .to_owned()
}

fn payment_intents() -> TableCreateStatement {
    Table::create()
        .table("stripe_payment_intents")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("stripe_payment_intent_id").unique_key())
        .col(big_integer_null("invoice_id"))
        .col(big_integer("amount_refunded"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_payment_intents"))
        .foreign_key(&mut belongs_to("stripe_payment_intents", "invoice_id", "stripe_invoices"))
        .to_owned()
}

fn refunds() -> TableCreateStatement {
    Table::create()
        .table("stripe_refunds")
        .col(big_pk_auto("id"))
        .col(big_integer("payment_intent_id"))
        .col(text("stripe_refund_id").unique_key())
        .col(big_integer("amount"))
        .col(text("state"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to("stripe_refunds", "payment_intent_id", "stripe_payment_intents"))
        .to_owned()
}

fn disputes() -> TableCreateStatement {
    Table::create()
        .table("stripe_disputes")
        .col(big_pk_auto("id"))
        .col(big_integer("payment_intent_id"))
        .col(text("stripe_dispute_id").unique_key())
        .col(big_integer("amount"))
        .col(text("status"))
        .col(big_integer("observed_at"))
        .col(boolean("holds"))
        .col(big_integer("moved_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to("stripe_disputes", "payment_intent_id", "stripe_payment_intents"))
        .to_owned()
}

fn former_customers() -> TableCreateStatement {
    Table::create()
        .table("stripe_former_customers")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("stripe_customer_id").unique_key())
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_former_customers"))
        .to_owned()
}

fn belongs_to(table: &'static str, column: &'static str, parent: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}"))
        .from(table, column)
        .to(parent, "id")
        .on_delete(ForeignKeyAction::Restrict)
        .to_owned()
}
