//! The tables about Stripe: customers, subscriptions and their paid periods, invoices, payments, outgoing operations, events.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, big_pk_auto, boolean, integer, json_binary, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null,
    },
    sea_orm::DbBackend,
};

use crate::belongs_to_user;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0002_stripe"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            customers(),
            former_customers(),
            subscriptions(),
            periods(),
            invoices(),
            invoice_periods(),
            payment_intents(),
            payments(),
            operations(),
            events(),
            marks(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        for statement in INDEXES.iter().chain(fence(manager)) {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let fence = if manager.get_database_backend() == DbBackend::Postgres { "SEQUENCE" } else { "TABLE" };
        manager.get_connection().execute_unprepared(&format!("DROP {fence} stripe_look_fence")).await?;
        for table in [
            "stripe_marks",
            "stripe_events",
            "stripe_operations",
            "stripe_payments",
            "stripe_payment_intents",
            "stripe_invoice_periods",
            "stripe_invoices",
            "stripe_periods",
            "stripe_subscriptions",
            "stripe_former_customers",
            "stripe_customers",
        ] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The indexes, written as SQL because the builder does not support partial ones.
const INDEXES: [&str; 24] = [
    "CREATE INDEX stripe_former_customers_user ON stripe_former_customers (user_id)",
    "CREATE INDEX stripe_subscriptions_customer ON stripe_subscriptions (customer_id)",
    "CREATE INDEX stripe_subscriptions_current ON stripe_subscriptions (id) \
     WHERE status NOT IN ('canceled', 'incomplete_expired')",
    "CREATE INDEX stripe_periods_subscription ON stripe_periods (stripe_subscription_id, period_end)",
    "CREATE INDEX stripe_periods_user ON stripe_periods (user_id, tier, period_end)",
    "CREATE INDEX stripe_invoices_user ON stripe_invoices (user_id)",
    "CREATE UNIQUE INDEX stripe_invoice_periods_once ON stripe_invoice_periods (invoice_id, period_id)",
    "CREATE INDEX stripe_invoice_periods_period ON stripe_invoice_periods (period_id)",
    "CREATE INDEX stripe_payment_intents_user ON stripe_payment_intents (user_id)",
    "CREATE INDEX stripe_payment_intents_invoice ON stripe_payment_intents (invoice_id)",
    "CREATE INDEX stripe_payment_intents_disputed ON stripe_payment_intents (id) WHERE amount_disputed > 0",
    "CREATE INDEX stripe_payments_user ON stripe_payments (user_id, id)",
    "CREATE INDEX stripe_payments_reference ON stripe_payments \
     (COALESCE(stripe_payment_intent_id, stripe_checkout_session_id))",
    "CREATE INDEX stripe_payments_pending ON stripe_payments (id) WHERE status = 'pending'",
    "CREATE UNIQUE INDEX stripe_operations_open ON stripe_operations (user_id, kind) WHERE state = 'open'",
    "CREATE INDEX stripe_operations_user ON stripe_operations (user_id, kind, id)",
    "CREATE INDEX stripe_operations_ended ON stripe_operations (created_at) WHERE state <> 'open'",
    "CREATE INDEX stripe_events_received ON stripe_events (received_at, event_id)",
    "CREATE INDEX stripe_events_settled ON stripe_events (received_at) WHERE status IN ('applied', 'ignored')",
    "CREATE INDEX stripe_events_unsettled ON stripe_events (received_at) WHERE status NOT IN ('applied', 'ignored')",
    "CREATE INDEX stripe_events_status ON stripe_events (status, received_at, event_id)",
    "CREATE INDEX stripe_events_status_type ON stripe_events (status, type, received_at, event_id)",
    "CREATE INDEX stripe_events_type ON stripe_events (type, received_at, event_id)",
    "CREATE INDEX stripe_events_waiting ON stripe_events (waits_for) WHERE waits_for IS NOT NULL",
];

/// The fence of looks: a number that only grows.
fn fence(manager: &SchemaManager<'_>) -> &'static [&'static str] {
    match manager.get_database_backend() {
        DbBackend::Postgres => &["CREATE SEQUENCE stripe_look_fence"],
        _ => &["CREATE TABLE stripe_look_fence (value BIGINT NOT NULL)", "INSERT INTO stripe_look_fence VALUES (0)"],
    }
}

fn customers() -> TableCreateStatement {
    Table::create()
        .table("stripe_customers")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id").unique_key())
        .col(text("stripe_customer_id").unique_key())
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_customers"))
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

fn subscriptions() -> TableCreateStatement {
    Table::create()
        .table("stripe_subscriptions")
        .col(big_pk_auto("id"))
        .col(big_integer("customer_id"))
        .col(text("stripe_subscription_id").unique_key())
        .col(text("stripe_price_id"))
        .col(text("tier"))
        .col(text_null("scheduled_tier"))
        .col(text("status"))
        .col(timestamp_with_time_zone("current_period_start"))
        .col(timestamp_with_time_zone("current_period_end"))
        .col(boolean("cancel_at_period_end"))
        .col(timestamp_with_time_zone_null("cancel_at"))
        .col(boolean("payment_processing"))
        .col(big_integer("version"))
        .col(big_integer("fence"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut belongs_to("stripe_subscriptions", "customer_id", "stripe_customers"))
        .to_owned()
}

fn periods() -> TableCreateStatement {
    Table::create()
        .table("stripe_periods")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("stripe_subscription_id"))
        .col(timestamp_with_time_zone("period_end"))
        .col(text("reference").unique_key())
        .col(text("tier"))
        .col(big_integer("paid"))
        .col(big_integer("returned"))
        .col(big_integer("credits_granted"))
        .col(big_integer("credits_reversed"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_periods"))
        .to_owned()
}

fn invoices() -> TableCreateStatement {
    Table::create()
        .table("stripe_invoices")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("stripe_invoice_id").unique_key())
        .col(big_integer("amount_paid"))
        .col(big_integer("amount_credited"))
        .col(big_integer("fence"))
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
        .col(big_integer("paid"))
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
        .col(big_integer("amount_disputed"))
        .col(big_integer("fence"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_payment_intents"))
        .foreign_key(&mut belongs_to("stripe_payment_intents", "invoice_id", "stripe_invoices"))
        .to_owned()
}

fn payments() -> TableCreateStatement {
    Table::create()
        .table("stripe_payments")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text_null("stripe_payment_intent_id").unique_key())
        .col(text("stripe_checkout_session_id").unique_key())
        .col(big_integer("amount"))
        .col(text("currency"))
        .col(text("status"))
        .col(big_integer("credits_granted"))
        .col(big_integer("amount_refunded"))
        .col(big_integer("credits_reversed"))
        .col(json_binary("metadata"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_payments"))
        .to_owned()
}

fn operations() -> TableCreateStatement {
    Table::create()
        .table("stripe_operations")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("kind"))
        .col(text("idempotency_key").unique_key())
        .col(json_binary("request"))
        .col(text("state"))
        .col(text_null("stripe_object_id"))
        .col(text_null("error"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_operations"))
        .to_owned()
}

fn events() -> TableCreateStatement {
    Table::create()
        .table("stripe_events")
        .col(text("event_id").primary_key())
        .col(text("type"))
        .col(text_null("api_version"))
        .col(boolean("livemode"))
        .col(timestamp_with_time_zone("created"))
        .col(text("payload"))
        .col(text("status"))
        .col(text_null("waits_for"))
        .col(integer("attempts"))
        .col(text_null("error"))
        .col(timestamp_with_time_zone("received_at"))
        .col(timestamp_with_time_zone_null("applied_at"))
        .to_owned()
}

fn marks() -> TableCreateStatement {
    Table::create().table("stripe_marks").col(text("name").primary_key()).col(timestamp_with_time_zone("at")).to_owned()
}

fn belongs_to(table: &'static str, column: &'static str, parent: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}"))
        .from(table, column)
        .to(parent, "id")
        .on_delete(ForeignKeyAction::Restrict)
        .to_owned()
}
