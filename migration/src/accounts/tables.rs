//! The tables of users, their accounts and the ledger.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_pk_auto, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null},
    sea_orm::DbBackend,
};

use crate::belongs_to_user;

/// Most entries are exports, so the index leaves them out: it finds the others, and costs exports nothing.
const LEDGER_KIND: &str =
    "CREATE INDEX credits_ledger_kind ON credits_ledger (user_id, change_type, version) WHERE change_type <> 'Spend'";

pub(crate) async fn create_users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(users()).await?;
    let folded = "CREATE UNIQUE INDEX users_email_folded ON users (lower(email))";
    manager.get_connection().execute_unprepared(folded).await?;
    Ok(())
}

pub(crate) async fn create_ledger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(credits_ledger()).await?;
    manager.get_connection().execute_unprepared(LEDGER_KIND).await?;
    Ok(())
}

/// Makes the ledger append-only: an entry is never changed or removed, and a correction is another entry. The database
/// enforces this, so that no later mistake in the program can break it.
pub(crate) async fn protect_ledger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for protection in append_only(manager.get_database_backend()) {
        manager.get_connection().execute_unprepared(protection.create).await?;
    }
    Ok(())
}

pub(crate) async fn unprotect_ledger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for protection in append_only(manager.get_database_backend()).iter().rev() {
        manager.get_connection().execute_unprepared(protection.drop).await?;
    }
    Ok(())
}

pub(crate) async fn drop_table(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    manager.drop_table(Table::drop().table(table).to_owned()).await
}

fn users() -> TableCreateStatement {
    Table::create()
        .table("users")
        .col(big_pk_auto("id"))
        .col(text("email"))
        .col(text("username"))
        .col(text_null("display_name"))
        .col(text_null("password_hash"))
        .col(text_null("auth_subject").unique_key())
        .col(text("role").default("user"))
        .col(timestamp_with_time_zone("created_at"))
        .to_owned()
}

pub(crate) fn credit_accounts() -> TableCreateStatement {
    Table::create()
        .table("credit_accounts")
        .col(big_integer("user_id").primary_key())
        .col(big_integer("balance"))
        .col(big_integer("version"))
        .col(timestamp_with_time_zone_null("unlimited_until"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut belongs_to_user("credit_accounts"))
        .to_owned()
}

fn credits_ledger() -> TableCreateStatement {
    Table::create()
        .table("credits_ledger")
        .col(big_pk_auto("id"))
        .col(big_integer("user_id"))
        .col(big_integer("version"))
        .col(text("change_type"))
        .col(big_integer("credits_delta"))
        .col(big_integer("balance_after"))
        .col(text("source").unique_key())
        .col(text_null("reference"))
        .col(text_null("notes"))
        .col(timestamp_with_time_zone("created_at"))
        .index(Index::create().name("credits_ledger_version").col("user_id").col("version").unique())
        .foreign_key(&mut belongs_to_user("credits_ledger"))
        .to_owned()
}

/// A protection of the ledger, as the statements that add and remove it.
struct Protection {
    create: &'static str,
    drop: &'static str,
}

/// The protections that make the ledger append-only.
const fn append_only(backend: DbBackend) -> &'static [Protection] {
    match backend {
        DbBackend::Postgres => &[
            Protection {
                create: "CREATE FUNCTION credits_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN RAISE EXCEPTION 'credits_ledger is append-only: post another entry instead'; END $$",
                drop: "DROP FUNCTION credits_ledger_is_append_only",
            },
            Protection {
                create: "CREATE TRIGGER credits_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits_ledger \
                 FOR EACH STATEMENT EXECUTE FUNCTION credits_ledger_is_append_only()",
                drop: "DROP TRIGGER credits_ledger_append_only ON credits_ledger",
            },
        ],
        _ => &[
            Protection {
                create: "CREATE TRIGGER credits_ledger_no_update BEFORE UPDATE ON credits_ledger \
                 BEGIN SELECT RAISE(ABORT, 'credits_ledger is append-only: post another entry instead'); END",
                drop: "DROP TRIGGER credits_ledger_no_update",
            },
            Protection {
                create: "CREATE TRIGGER credits_ledger_no_delete BEFORE DELETE ON credits_ledger \
                 BEGIN SELECT RAISE(ABORT, 'credits_ledger is append-only: post another entry instead'); END",
                drop: "DROP TRIGGER credits_ledger_no_delete",
            },
        ],
    }
}
