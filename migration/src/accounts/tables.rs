//! The tables of users, their accounts and the ledger.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_pk_auto, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

use crate::{append_only, belongs_to_user};

const LEDGER: &str = "credits_ledger";

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

/// Makes the ledger append-only: a correction is another entry.
pub(crate) async fn protect_ledger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    append_only::protect(manager, LEDGER, "post another entry instead").await
}

pub(crate) async fn unprotect_ledger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    append_only::unprotect(manager, LEDGER).await
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
        .table(LEDGER)
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
