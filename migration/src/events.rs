//! Events for other services: the stream, the endpoints that receive it, and their deliveries.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, big_pk_auto, integer, integer_null, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

use crate::accounts::tables::drop_table;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0015_events"
    }
}

/// The columns that this step adds to the record of admins' actions.
const COLUMNS: [&str; 2] = ["endpoint_id", "account_event_id"];

const INDEXES: [(&str, &str); 9] = [
    ("account_events_type", "account_events (type, id)"),
    ("account_events_created", "account_events (created_at)"),
    ("event_deliveries_due", "event_deliveries (endpoint_id, due_at) WHERE status = 'pending'"),
    ("event_deliveries_account", "event_deliveries (endpoint_id, user_id, event_id) WHERE status = 'pending'"),
    ("event_deliveries_endpoint", "event_deliveries (endpoint_id, id)"),
    ("event_deliveries_status", "event_deliveries (status, id)"),
    ("event_deliveries_endpoint_status", "event_deliveries (endpoint_id, status, id)"),
    ("event_deliveries_created", "event_deliveries (created_at)"),
    ("pending_events_user", "pending_events (user_id, id)"),
];

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [endpoints(), events(), deliveries(), pending(), cursors(), relay()] {
            manager.create_table(table).await?;
        }
        for column in COLUMNS {
            let column = big_integer_null(column);
            manager.alter_table(Table::alter().table("admin_actions").add_column(column).to_owned()).await?;
        }
        let db = manager.get_connection();
        for (name, columns) in INDEXES {
            db.execute_unprepared(&format!("CREATE INDEX {name} ON {columns}")).await?;
        }
        db.execute_unprepared(
            "INSERT INTO event_relay (id, started_after, seen, safe, check_id, check_xid) VALUES (1, 0, 0, 0, 0, 0)",
        )
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in
            ["event_relay", "event_cursors", "pending_events", "event_deliveries", "account_events", "event_endpoints"]
        {
            drop_table(manager, table).await?;
        }
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("admin_actions").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn endpoints() -> TableCreateStatement {
    Table::create()
        .table("event_endpoints")
        .col(big_pk_auto("id"))
        .col(text("url"))
        .col(text("types"))
        .col(text_null("description"))
        .col(text("secret"))
        .col(timestamp_with_time_zone_null("disabled_at"))
        .col(text_null("disabled_reason"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn events() -> TableCreateStatement {
    Table::create()
        .table("account_events")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("type"))
        .col(text("payload"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

fn deliveries() -> TableCreateStatement {
    Table::create()
        .table("event_deliveries")
        .col(big_pk_auto("id"))
        .col(big_integer("event_id"))
        .col(big_integer("endpoint_id"))
        .col(big_integer("user_id"))
        .col(text("status"))
        .col(integer("attempts"))
        .col(timestamp_with_time_zone("due_at"))
        .col(timestamp_with_time_zone("gives_up_at"))
        .col(integer_null("response_status"))
        .col(text_null("error"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .col(timestamp_with_time_zone("created_at"))
        .index(Index::create().name("event_deliveries_event").col("event_id").col("endpoint_id").unique())
        .to_owned()
}

/// Events that the transactions of webhooks write, until the relay takes them.
fn pending() -> TableCreateStatement {
    Table::create()
        .table("pending_events")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(text("type"))
        .col(big_integer("version"))
        .col(text("payload"))
        .to_owned()
}

fn cursors() -> TableCreateStatement {
    Table::create()
        .table("event_cursors")
        .col(big_integer("user_id").primary_key())
        .col(big_integer("started_after"))
        .col(big_integer("version"))
        .to_owned()
}

fn relay() -> TableCreateStatement {
    Table::create()
        .table("event_relay")
        .col(big_integer("id").primary_key())
        .col(big_integer("started_after"))
        .col(big_integer("seen"))
        .col(big_integer("safe"))
        .col(big_integer("check_id"))
        .col(big_integer("check_xid"))
        .to_owned()
}
