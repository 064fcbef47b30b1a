//! What is known of Stripe: customers, subscriptions and their paid periods, payments, outgoing operations, events.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_pk_auto, boolean, integer, json_binary, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
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
        for table in [customers(), subscriptions(), periods(), payments(), operations(), events()] {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        for index in INDEXES {
            db.execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "stripe_events",
            "stripe_operations",
            "stripe_payments",
            "stripe_periods",
            "stripe_subscriptions",
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

/// Written as SQL where the builder has no word for it: an index over some of the rows.
const INDEXES: [&str; 5] = [
    "CREATE INDEX stripe_subscriptions_customer ON stripe_subscriptions (customer_id)",
    "CREATE INDEX stripe_periods_subscription ON stripe_periods (stripe_subscription_id)",
    "CREATE INDEX stripe_payments_user ON stripe_payments (user_id, id)",
    "CREATE UNIQUE INDEX stripe_operations_open ON stripe_operations (user_id, kind) WHERE state = 'open'",
    "CREATE INDEX stripe_events_unsettled ON stripe_events (status, received_at) WHERE status IN ('waiting', 'failed')",
];

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
        .col(big_integer("version"))
        .col(big_integer("observed_at"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .name("stripe_subscriptions_belong_to_customer")
                .from("stripe_subscriptions", "customer_id")
                .to("stripe_customers", "id")
                .on_delete(ForeignKeyAction::Restrict),
        )
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
        .col(big_integer("credits_granted"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut belongs_to_user("stripe_periods"))
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
