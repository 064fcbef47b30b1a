//! The settings of alerts: which kinds a user receives, and up to where the ledger was followed for `LOW_BALANCE`.
//!
//! `EXPIRING_PLAN` and `PAYMENT_FAILED` are on by default: both mean that the user is about to lose something that was paid for, and
//! both are rare. `LOW_BALANCE` is off: each user has another number below which credits are low, and somebody without a plan
//! has none most of the time.

use entity::{
    alert,
    alert_setting::{ActiveModel, Column, Entity, Kind, Model},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, Iterable, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::crossing::{Crossing, Position};
use crate::clock::Clock;

/// The settings whose ledgers are followed, in the words of their index.
const FOLLOWED: &str = "kind = 'low_balance' AND enabled";

/// The setting of one kind of alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The kind.
    pub kind: Kind,
    /// True if such alerts are on.
    pub enabled: bool,
    /// The threshold of `LOW_BALANCE`, also while it is off.
    pub below: Option<i64>,
}

impl Setting {
    /// The setting of a user who has changed nothing.
    const fn default_of(kind: Kind) -> Self {
        Self { kind, enabled: !matches!(kind, Kind::LowBalance), below: None }
    }
}

impl From<Model> for Setting {
    fn from(row: Model) -> Self {
        Self { kind: row.kind, enabled: row.enabled, below: row.below }
    }
}

/// The progress of following a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The crossings that were found.
    pub crossings: Vec<Crossing>,
    /// The position up to which the ledger was followed.
    pub until: Position,
}

/// All settings of a user, one of each kind.
///
/// # Errors
/// The database's.
pub async fn settings(db: &impl ConnectionTrait, user_id: i64) -> Result<Vec<Setting>, DbErr> {
    let rows = Entity::find().filter(Column::UserId.eq(user_id)).all(db).await?;
    let setting = |kind| {
        let row = rows.iter().find(|row| row.kind == kind);
        row.map_or(Setting::default_of(kind), |row| row.clone().into())
    };
    Ok(Kind::iter().map(setting).collect())
}

/// Returns true if a user receives alerts of a kind.
pub(super) async fn is_on(db: &impl ConnectionTrait, user_id: i64, kind: Kind) -> Result<bool, DbErr> {
    let row = find(db, user_id, kind).await?;
    Ok(row.map_or(Setting::default_of(kind).enabled, |row| row.enabled))
}

async fn find(db: &impl ConnectionTrait, user_id: i64, kind: Kind) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::Kind.eq(kind)).one(db).await
}

/// The setting of `LOW_BALANCE` of a user, if it is on.
///
/// # Errors
/// The database's.
pub async fn low_balance(db: &impl ConnectionTrait, user_id: i64) -> Result<Option<Model>, DbErr> {
    Ok(find(db, user_id, Kind::LowBalance).await?.filter(|row| row.enabled))
}

/// The settings of `LOW_BALANCE` that are on, of these users.
///
/// # Errors
/// The database's.
pub async fn low_balances(db: &impl ConnectionTrait, user_ids: &[i64]) -> Result<Vec<Model>, DbErr> {
    if user_ids.is_empty() {
        return Ok(Vec::new());
    }
    let of_users = Entity::find().filter(Column::UserId.is_in(user_ids.iter().copied()));
    of_users.filter(Expr::cust(FOLLOWED)).all(db).await
}

/// The settings of `LOW_BALANCE` that are on, of at most `limit` users after this one.
///
/// # Errors
/// The database's.
pub async fn low_balances_after(db: &impl ConnectionTrait, user_id: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
    let later = Entity::find().filter(Column::UserId.gt(user_id)).filter(Expr::cust(FOLLOWED));
    later.order_by_asc(Column::UserId).limit(limit).all(db).await
}

/// Writes a setting. Crossings are alerted from this position on. The account is locked.
///
/// # Errors
/// The database's.
pub async fn write(
    tx: &DatabaseTransaction,
    clock: &Clock,
    user_id: i64,
    setting: Setting,
    at: Position,
) -> Result<Setting, DbErr> {
    let stored = find(tx, user_id, setting.kind).await?;
    let revision = stored.as_ref().map_or(0, |stored| stored.revision) + 1;
    let below = setting.below.or_else(|| stored.as_ref()?.below);
    let is_new = stored.is_none();
    let mut row = stored.map(IntoActiveModel::into_active_model).unwrap_or_default();
    row.enabled = Set(setting.enabled);
    row.below = Set(below);
    row.revision = Set(revision);
    row.since_version = Set(at.version);
    row.since_available = Set(at.available);
    row.seen_version = Set(at.version);
    row.seen_held = Set(at.held);
    row.seen_available = Set(at.available);
    row.updated_at = Set(clock.wall());
    let written = if is_new {
        row.user_id = Set(user_id);
        row.kind = Set(setting.kind);
        row.insert(tx).await?
    } else {
        row.update(tx).await?
    };
    Ok(written.into())
}

/// Records the progress of following a ledger. Returns `false` if another process did, or if the setting has changed: then the
/// crossings must not be alerted.
///
/// # Errors
/// The database's.
pub async fn advance(db: &impl ConnectionTrait, from: &Model, reach: &Reach) -> Result<bool, DbErr> {
    let Position { version, held, available } = reach.until;
    let mut row = ActiveModel {
        seen_version: Set(version),
        seen_held: Set(held),
        seen_available: Set(available),
        ..Default::default()
    };
    if available.is_none() {
        // Nothing before unlimited exports counts after them.
        row.since_version = Set(version);
        row.since_available = Set(None);
    }
    let unchanged = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(from.id))
        .filter(Column::Revision.eq(from.revision))
        .filter(Column::SeenVersion.eq(from.seen_version));
    Ok(unchanged.exec(db).await?.rows_affected == 1)
}

/// Lets the proof of a setting begin at an alert that is deleted.
pub(super) async fn begin_proof_at(db: &impl ConnectionTrait, alert: &alert::Model) -> Result<(), DbErr> {
    let Some(version) = alert.version else { return Ok(()) };
    let row = ActiveModel { since_version: Set(version), since_available: Set(alert.available), ..Default::default() };
    let earlier = Entity::update_many()
        .set(row)
        .filter(Column::UserId.eq(alert.user_id))
        .filter(Column::Kind.eq(Kind::LowBalance))
        .filter(Column::SinceVersion.lt(version));
    earlier.exec(db).await?;
    Ok(())
}
