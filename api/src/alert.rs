//! Alerts: messages to a user about the account, each about one fact, added once.
//!
//! An alert is added in the transaction that finds its fact ([`raise`]), with its event and the task that mails it. The account is
//! locked, so the numbers of one user's alerts grow in the order of their commits: a client that has the last one misses none of
//! the later ones. Alerts of `LOW_BALANCE` follow from the ledger ([`crossings`]); charges do nothing for them.

mod crossing;
mod event;
mod setting;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    Tier,
    alert::{ActiveModel, Column, Entity, Kind, Model},
    alert_setting, user, work,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::{
    clock::Clock,
    database::Database,
    page::{Page, Window},
    work as queue,
};

pub use crossing::{Crossing, Position, crossings};
pub use setting::{Reach, Setting, advance, low_balance, low_balances, low_balances_after, settings, write};

/// Prefix of the keys of queued mails about alerts, which their numbers follow.
pub const MAIL: &str = "alert:";

/// The number of alerts that one statement deletes.
const BATCH: u64 = 100;

/// The largest number of such statements of one run. The next run deletes the rest.
const MAX_BATCHES: usize = 1000;

/// The fact that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The available credits fell below the user's threshold.
    LowBalance(Crossing),
    /// A canceled plan ends soon.
    ExpiringPlan {
        /// The subscription, `sub_...`.
        subscription: String,
        /// The tier of the plan.
        tier: Tier,
        /// When the plan ends, in business time.
        ends_at: DateTime<Utc>,
    },
    /// A payment failed.
    PaymentFailed {
        /// Names the payment: the subscription with the start of its period, or the checkout of a pack.
        payment: String,
        /// The tier of the plan; `None` for a pack.
        tier: Option<Tier>,
        /// The amount in minor units and its currency, if known.
        amount: Option<(i64, String)>,
    },
}

impl Reason {
    fn into_row(self) -> ActiveModel {
        match self {
            Self::LowBalance(crossing) => ActiveModel {
                kind: Set(Kind::LowBalance),
                subject: Set(crossing.version.to_string()),
                version: Set(Some(crossing.version)),
                below: Set(Some(crossing.below)),
                available: Set(Some(crossing.available)),
                previous: Set(crossing.previous),
                ..Default::default()
            },
            Self::ExpiringPlan { subscription, tier, ends_at } => ActiveModel {
                kind: Set(Kind::ExpiringPlan),
                subject: Set(format!("{subscription}:{}", ends_at.timestamp())),
                tier: Set(Some(tier)),
                ends_at: Set(Some(ends_at)),
                ..Default::default()
            },
            Self::PaymentFailed { payment, tier, amount } => {
                let (amount, currency) = amount.unzip();
                ActiveModel {
                    kind: Set(Kind::PaymentFailed),
                    subject: Set(payment),
                    tier: Set(tier),
                    amount: Set(amount),
                    currency: Set(currency),
                    ..Default::default()
                }
            }
        }
    }
}

/// Adds an alert with its event and queues its mail, unless the user has switched the kind off, received the alert before, or closed the
/// account. Returns the number of the alert, if it is new. The caller has locked the account, commits, and publishes the number.
///
/// # Errors
/// The database's.
pub async fn raise(
    tx: &DatabaseTransaction,
    clock: &Clock,
    user_id: i64,
    reason: Reason,
) -> Result<Option<i64>, DbErr> {
    let row = ActiveModel { user_id: Set(user_id), created_at: Set(clock.now()), ..reason.into_row() };
    let (kind, subject) = (row.kind.clone().take(), row.subject.clone().take());
    let (Some(kind), Some(subject)) = (kind, subject) else { return Ok(None) };
    if !setting::is_on(tx, user_id, kind).await? {
        return Ok(None);
    }
    let known = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Subject.eq(subject));
    let closed = user::Entity::find_by_id(user_id).filter(user::Column::ClosedAt.is_not_null());
    if known.one(tx).await?.is_some() || closed.one(tx).await?.is_some() {
        return Ok(None);
    }
    let alert = row.insert(tx).await?;
    event::raised(tx, &alert).await?;
    queue::due(tx, clock, work::Kind::Mail, &format!("{MAIL}{}", alert.id)).await?;
    Ok(Some(alert.id))
}

/// One page of a user's alerts, newest first, keyed by their numbers.
///
/// # Errors
/// The database's.
pub async fn page(db: &impl ConnectionTrait, user_id: i64, window: Window) -> Result<Page<Model>, DbErr> {
    let mut cursor = Entity::find().filter(Column::UserId.eq(user_id)).cursor_by(Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(db).await?, &window))
}

/// A user's alerts with numbers above `after`, oldest first, at most `limit`.
///
/// # Errors
/// The database's.
pub async fn after(db: &impl ConnectionTrait, user_id: i64, after: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
    let later = Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::Id.gt(after));
    later.order_by_asc(Column::Id).limit(limit).all(db).await
}

/// Reads an alert of `owner`, or of any user if that is `None`.
///
/// # Errors
/// The database's.
pub async fn by_id(db: &impl ConnectionTrait, id: i64, owner: Option<i64>) -> Result<Option<Model>, DbErr> {
    let mut alert = Entity::find_by_id(id);
    if let Some(owner) = owner {
        alert = alert.filter(Column::UserId.eq(owner));
    }
    alert.one(db).await
}

/// The number of a user's newest alert; 0 without one.
///
/// # Errors
/// The database's.
pub async fn newest(db: &impl ConnectionTrait, user_id: i64) -> Result<i64, DbErr> {
    let numbers = Entity::find().select_only().column(Column::Id).filter(Column::UserId.eq(user_id));
    Ok(numbers.order_by_desc(Column::Id).into_tuple::<i64>().one(db).await?.unwrap_or_default())
}

/// The numbers of several users' newest alerts, by user. Users without one are left out.
///
/// # Errors
/// The database's.
pub async fn newest_of(db: &impl ConnectionTrait, user_ids: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    // The newest of each is read from the end of its part of the index, however many there are.
    let ids = user_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT u.id, (SELECT MAX(a.id) FROM alerts a WHERE a.user_id = u.id) FROM users u WHERE u.id IN ({ids})"
    );
    let mut newest = HashMap::new();
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await? {
        if let Some(id) = row.try_get_by_index::<Option<i64>>(1)? {
            newest.insert(row.try_get_by_index(0)?, id);
        }
    }
    Ok(newest)
}

/// The numbers of all alerts above `after` with their users, oldest first.
///
/// # Errors
/// The database's.
pub async fn added_since(db: &impl ConnectionTrait, after: i64) -> Result<Vec<(i64, i64)>, DbErr> {
    let added = Entity::find().select_only().columns([Column::Id, Column::UserId]).filter(Column::Id.gt(after));
    added.order_by_asc(Column::Id).into_tuple().all(db).await
}

/// The number of the newest alert of all users; 0 without one.
///
/// # Errors
/// The database's.
pub async fn newest_of_all(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let numbers = Entity::find().select_only().column(Column::Id).order_by_desc(Column::Id);
    Ok(numbers.into_tuple::<i64>().one(db).await?.unwrap_or_default())
}

/// Deletes the alerts from before a time, the oldest first, and returns their number. The proof of `LOW_BALANCE` then begins at the
/// newest of them.
///
/// # Errors
/// The database's. The remaining alerts are deleted the next time.
pub async fn prune(database: &Database, before: DateTime<Utc>) -> Result<u64, DbErr> {
    let db = database.write();
    let mut deleted = 0;
    for _ in 0..MAX_BATCHES {
        let old = Entity::find().filter(Column::CreatedAt.lt(before)).order_by_asc(Column::CreatedAt).limit(BATCH);
        let old = old.all(db).await?;
        if old.is_empty() {
            break;
        }
        for alert in &old {
            setting::begin_proof_at(db, alert).await?;
        }
        let ids = old.iter().map(|alert| alert.id);
        let batch = Entity::delete_many().filter(Column::Id.is_in(ids)).exec(db).await?.rows_affected;
        deleted += batch;
        if batch < BATCH {
            break;
        }
    }
    Ok(deleted)
}

/// Deletes the alerts and settings of a user who closes the account.
///
/// # Errors
/// The database's.
pub async fn forget(tx: &DatabaseTransaction, user_id: i64) -> Result<(), DbErr> {
    alert_setting::Entity::delete_many().filter(alert_setting::Column::UserId.eq(user_id)).exec(tx).await?;
    Entity::delete_many().filter(Column::UserId.eq(user_id)).exec(tx).await?;
    Ok(())
}
