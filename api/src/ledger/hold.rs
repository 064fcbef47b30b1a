//! Reads holds. An open hold has a row; of one that ended, the ledger has the entries of its beginning and its end.

use chrono::{DateTime, Utc};
use entity::{
    credit_hold,
    ledger_entry::{self, ChangeType},
};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};

use super::source::{self, Source};
use crate::page::{Page, Window};

/// Credits that are held for an export, or were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The hold's number, which is that of the ledger entry of its beginning.
    pub id: i64,
    /// The user whose credits are held.
    pub user_id: i64,
    /// The run to export.
    pub run: String,
    /// The credits held; 0 if exports were unlimited when it began.
    pub credits: i64,
    /// When it began, in business time.
    pub created_at: DateTime<Utc>,
    /// When it expires if it is open, in wall time.
    pub expires_at: Option<DateTime<Utc>>,
    /// The latest time to which it can be extended if it is open, in wall time.
    pub extendable_until: Option<DateTime<Utc>>,
    /// Its end, if it has ended.
    pub end: Option<HoldEnd>,
}

/// The end of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldEnd {
    /// The ledger entry of the end, which for a capture is the charge.
    pub entry_id: i64,
    /// The kind of end.
    pub ending: HoldEnding,
    /// Business time.
    pub at: DateTime<Utc>,
}

/// A kind of end of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldEnding {
    /// These credits were spent, and the rest released.
    Captured(i64),
    /// The credits were released.
    Released,
    /// Nothing was done until the hold expired.
    Expired,
}

impl Hold {
    /// The hold that begins with an entry.
    #[must_use]
    pub fn begun(entry: ledger_entry::Model, expires_at: DateTime<Utc>, extendable_until: DateTime<Utc>) -> Self {
        Self {
            id: entry.id,
            user_id: entry.user_id,
            run: entry.reference.unwrap_or_default(),
            credits: entry.held_delta,
            created_at: entry.created_at,
            expires_at: Some(expires_at),
            extendable_until: Some(extendable_until),
            end: None,
        }
    }

    /// This hold after `entry`, if that is its end.
    #[must_use]
    pub fn ended_by(self, entry: &ledger_entry::Model) -> Self {
        let end = HoldEnd::read(entry.id, &entry.source, entry.credits_delta, entry.created_at);
        if end.is_none() {
            return self;
        }
        Self { end, expires_at: None, extendable_until: None, ..self }
    }
}

impl HoldEnd {
    fn read(entry_id: i64, source: &str, delta: i64, at: DateTime<Utc>) -> Option<Self> {
        let ending = match Source::parse(source) {
            Source::Capture(_) => HoldEnding::Captured(-delta),
            Source::Release(_) => HoldEnding::Released,
            Source::Expired(_) => HoldEnding::Expired,
            _ => return None,
        };
        Some(Self { entry_id, ending, at })
    }
}

impl From<credit_hold::Model> for Hold {
    fn from(row: credit_hold::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            run: row.run,
            credits: row.credits,
            created_at: row.created_at,
            expires_at: Some(row.expires_at),
            extendable_until: Some(row.extendable_until),
            end: None,
        }
    }
}

/// The beginning of a hold, its row if it is open, and its end if it has ended: in one statement, so that one of both is found.
const HOLD: &str = "
SELECT b.id, b.user_id, b.reference, b.held_delta, b.source, b.created_at, h.expires_at, h.extendable_until,
       e.id AS end_id, e.source AS end_source, e.credits_delta AS end_delta, e.created_at AS ended_at
  FROM credits_ledger b
  LEFT JOIN credit_holds h ON h.id = b.id
  LEFT JOIN credits_ledger e ON e.source IN ($3, $4, $5)
 WHERE b.id = $1 AND b.change_type = $2";

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    user_id: i64,
    reference: Option<String>,
    held_delta: i64,
    source: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    extendable_until: Option<DateTime<Utc>>,
    end_id: Option<i64>,
    end_source: Option<String>,
    end_delta: Option<i64>,
    ended_at: Option<DateTime<Utc>>,
}

/// Reads a hold of `owner`, or of any user if that is `None`.
///
/// # Errors
/// A failed statement.
pub async fn hold(db: &impl ConnectionTrait, id: i64, owner: Option<i64>) -> Result<Option<Hold>, DbErr> {
    let values = [
        id.into(),
        ChangeType::Hold.to_value().into(),
        source::capture(id).into(),
        source::release(id).into(),
        source::expired(id).into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), HOLD, values);
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(None) };
    let row = Row::from_query_result(&row, "")?;
    // Extensions have entries of the same type.
    let begins = Source::parse(&row.source) == Source::Export;
    if !begins || owner.is_some_and(|owner| owner != row.user_id) {
        return Ok(None);
    }
    Ok(Some(row.into()))
}

impl From<Row> for Hold {
    fn from(row: Row) -> Self {
        let end = || HoldEnd::read(row.end_id?, row.end_source.as_deref()?, row.end_delta?, row.ended_at?);
        Self {
            end: end(),
            id: row.id,
            user_id: row.user_id,
            run: row.reference.unwrap_or_default(),
            credits: row.held_delta,
            created_at: row.created_at,
            expires_at: row.expires_at,
            extendable_until: row.extendable_until,
        }
    }
}

/// One page of a user's open holds, newest first, keyed by their numbers.
///
/// # Errors
/// A failed statement.
pub async fn open_holds(db: &impl ConnectionTrait, user_id: i64, window: Window) -> Result<Page<Hold>, DbErr> {
    let query = credit_hold::Entity::find().filter(credit_hold::Column::UserId.eq(user_id));
    let mut cursor = query.cursor_by(credit_hold::Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    let rows = cursor.all(db).await?;
    Ok(Page::cut(rows.into_iter().map(Hold::from).collect(), &window))
}
