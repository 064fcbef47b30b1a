//! Everything that is stored about a user, in pages of rows as the database has them. A page is filled from one table after the
//! other, in the order of their keys, so its size is bounded however many entries an account has. Left out are the hash of
//! the password, the bodies of webhooks, which are stored by event and deleted after a time, the events for other services, which
//! copy these rows and are deleted after a time too, and the record of admins' actions, which names the admins.

use chrono::SecondsFormat;
use entity::{
    alert, alert_setting, auto_top_up, checkout, credit_account, credit_hold, customer, former_customer, invoice,
    invoice_period, ledger_entry, operation, payment, payment_intent, period, reversal, revoked_token, subscription,
    top_up, user,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, EnumIter, IdenStatic, Iterable, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, Value, sea_query::value::sea_value_to_json_value,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{
    app::App,
    error::{Error, Rule},
};

/// Rows in a page.
const PAGE: usize = 500;

/// The tables that hold rows about a user, in the order of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, Serialize, Deserialize)]
enum Table {
    Users,
    CreditAccounts,
    CreditHolds,
    RevokedTokens,
    Customers,
    FormerCustomers,
    Subscriptions,
    Invoices,
    Periods,
    InvoicePeriods,
    Checkouts,
    Payments,
    PaymentIntents,
    AutoTopUps,
    TopUps,
    Operations,
    AlertSettings,
    Alerts,
    Ledger,
    Reversals,
}

/// A key of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
}

/// The place in an export after which it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportCursor {
    table: Table,
    after: Key,
}

/// A row of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportRecord {
    /// The name of the row's table.
    pub table: &'static str,
    /// The row's columns.
    pub row: Map<String, Json>,
}

/// A page of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportPage {
    /// The rows.
    pub records: Vec<ExportRecord>,
    /// The place where the next page begins; `None` after the last row.
    pub next: Option<ExportCursor>,
}

/// Reads a page of everything that is stored about a user.
///
/// # Errors
/// [`Error::BadInput`] for a cursor that is not of this list; the database's.
pub async fn export_account(app: &App, user_id: i64, after: Option<ExportCursor>) -> Result<ExportPage, Error> {
    if after.as_ref().is_some_and(|cursor| !cursor.fits()) {
        return Err(Error::bad_field("after", Rule::Format("CURSOR"), "after must be a cursor of this list."));
    }
    let (first, mut after) = after.map(|cursor| (cursor.table, cursor.after)).unzip();
    let mut page = ExportPage { records: Vec::new(), next: None };
    for table in Table::iter().skip_while(|table| first.is_some_and(|first| first != *table)) {
        let limit = PAGE - page.records.len();
        // On the heap, because the future is as large as that of the largest table.
        let rows = Box::pin(table.rows(app.database.read(), user_id, after.take(), limit)).await?;
        let last = rows.last().map(|row| row.key.clone());
        page.records.extend(rows.into_iter().map(|row| row.record));
        if page.records.len() == PAGE {
            page.next = last.map(|after| ExportCursor { table, after });
            break;
        }
    }
    Ok(page)
}

impl ExportCursor {
    /// Returns true if the key is one of the table.
    fn fits(&self) -> bool {
        match (&self.table, &self.after) {
            // PostgreSQL cannot compare with NUL in text.
            (Table::RevokedTokens, Key::Text(token)) => !token.contains('\0'),
            (Table::RevokedTokens, Key::Number(_)) | (_, Key::Text(_)) => false,
            (_, Key::Number(_)) => true,
        }
    }
}

struct Row {
    key: Key,
    record: ExportRecord,
}

/// A part of a table.
struct Part {
    after: Option<Key>,
    limit: usize,
}

impl Table {
    async fn rows(
        self,
        db: &impl ConnectionTrait,
        user_id: i64,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Row>, DbErr> {
        /// Reads a part of a table whose rows have the user.
        macro_rules! owned {
            ($noun:ident, $user:ident, $key:ident) => {{
                let owned = $noun::Entity::find().filter($noun::Column::$user.eq(user_id));
                read(db, owned, $noun::Column::$key, Part { after, limit }).await
            }};
        }
        match self {
            Self::Users => owned!(user, Id, Id),
            Self::CreditHolds => owned!(credit_hold, UserId, Id),
            Self::CreditAccounts => owned!(credit_account, UserId, UserId),
            Self::RevokedTokens => owned!(revoked_token, UserId, Token),
            Self::Customers => owned!(customer, UserId, Id),
            Self::FormerCustomers => owned!(former_customer, UserId, Id),
            Self::Invoices => owned!(invoice, UserId, Id),
            Self::Periods => owned!(period, UserId, Id),
            Self::Checkouts => owned!(checkout, UserId, Id),
            Self::Payments => owned!(payment, UserId, Id),
            Self::PaymentIntents => owned!(payment_intent, UserId, Id),
            Self::AutoTopUps => owned!(auto_top_up, UserId, UserId),
            Self::TopUps => owned!(top_up, UserId, Id),
            Self::Operations => owned!(operation, UserId, Id),
            Self::AlertSettings => owned!(alert_setting, UserId, Id),
            Self::Alerts => owned!(alert, UserId, Id),
            Self::Ledger => owned!(ledger_entry, UserId, Version),
            Self::Subscriptions => {
                let owned = subscription::Entity::find().inner_join(customer::Entity);
                let owned = owned.filter(customer::Column::UserId.eq(user_id));
                read(db, owned, subscription::Column::Id, Part { after, limit }).await
            }
            Self::Reversals => {
                let owned = reversal::Entity::find().inner_join(ledger_entry::Entity);
                let owned = owned.filter(ledger_entry::Column::UserId.eq(user_id));
                read(db, owned, reversal::Column::EntryId, Part { after, limit }).await
            }
            Self::InvoicePeriods => {
                let owned = invoice_period::Entity::find().inner_join(invoice::Entity);
                let owned = owned.filter(invoice::Column::UserId.eq(user_id));
                read(db, owned, invoice_period::Column::Id, Part { after, limit }).await
            }
        }
    }
}

async fn read<E: EntityTrait>(
    db: &impl ConnectionTrait,
    mut rows: Select<E>,
    key: E::Column,
    Part { after, limit }: Part,
) -> Result<Vec<Row>, DbErr>
where
    E::Model: ModelTrait<Entity = E>,
{
    rows = match after {
        Some(Key::Number(after)) => rows.filter(key.gt(after)),
        Some(Key::Text(after)) => rows.filter(key.gt(after)),
        None => rows,
    };
    let limit = u64::try_from(limit).unwrap_or_default();
    let models = rows.order_by_asc(key).limit(limit).all(db).await?;
    let table = E::default();
    Ok(models.iter().map(|model| row(table.as_str(), model, key)).collect())
}

fn row<M: ModelTrait>(table: &'static str, model: &M, key: <M::Entity as EntityTrait>::Column) -> Row {
    let key = match model.get(key) {
        Value::String(Some(text)) => Key::Text(text),
        Value::BigInt(Some(number)) => Key::Number(number),
        _ => Key::Number(0),
    };
    let columns = <M::Entity as EntityTrait>::Column::iter();
    let shown = columns.filter(|column| column.as_str() != user::Column::PasswordHash.as_str());
    let row = shown.map(|column| (column.as_str().to_owned(), json(&model.get(column)))).collect();
    Row { key, record: ExportRecord { table, row } }
}

fn json(value: &Value) -> Json {
    match value {
        Value::ChronoDateTimeUtc(Some(time)) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
        value => sea_value_to_json_value(value),
    }
}
