//! The door for exports: charges by itself.

use chrono::{DateTime, Utc};
use entity::{
    credit_account,
    ledger_entry::{self, ChangeType},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, SqlErr};

use super::{Booking, Error, Posting, Unlimited, account, lock, post, postgres, sqlite};
use crate::{database::Database, telemetry};

/// How often a charge is attempted when others keep coming in between.
const ATTEMPTS: u32 = 5;

/// A spend that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    /// Who pays.
    pub user_id: i64,
    /// Credits. An account that is unlimited at `now` pays none.
    pub cost: i64,
    /// The key of this one intention.
    pub source: &'a str,
    /// What is exported.
    pub run: &'a str,
    /// Business time.
    pub now: DateTime<Utc>,
}

/// Charges, unless the balance does not suffice. The same source is charged once, however often it is asked for.
///
/// # Errors
/// [`Error::SourceReused`] when the source stands for something else; [`Error::Database`] when the outcome is unknown:
/// asking again with the same source is safe.
pub async fn charge(database: &Database, spend: &Spend<'_>) -> Result<Booking, Error> {
    for _ in 0..ATTEMPTS {
        let attempt = match database.backend() {
            DbBackend::Postgres => postgres::charge(database.write(), spend).await,
            _ => sqlite::charge(database, spend).await,
        };
        let entry = match attempt {
            // Another charge with the same source committed first: the next attempt finds it.
            Err(error) if duplicate(&error) => continue,
            Err(error) => return Err(error.into()),
            Ok(entry) => entry,
        };
        if let Some((entry, replayed)) = entry {
            if replayed {
                return replay(entry, spend);
            }
            telemetry::entry_posted(entry.change_type);
            return Ok(Booking::Applied(entry));
        }
        // What is read now may be newer than what refused. A refusal must name a balance that justifies it, and what has been
        // charged is not refused: another request with the same source may have taken the last credits just now.
        let account = account(database.read(), spend.user_id).await?.ok_or(Error::UnknownAccount)?;
        if suffices(&account, spend) {
            return alone(database, spend).await;
        }
        return match find(database.read(), spend.source).await? {
            Some(entry) => replay(entry, spend),
            None => Ok(Booking::Refused(account)),
        };
    }
    Err(Error::Database(DbErr::Custom("a charge was overtaken too often".to_owned())))
}

/// Charges with the account locked, after others came in between: now nobody can.
async fn alone(database: &Database, spend: &Spend<'_>) -> Result<Booking, Error> {
    let tx = database.begin().await?;
    let account = lock(&tx, spend.user_id).await?;
    if let Some(entry) = find(&tx, spend.source).await? {
        return replay(entry, spend);
    }
    if !suffices(&account, spend) {
        return Ok(Booking::Refused(account));
    }
    let posting = Posting {
        user_id: spend.user_id,
        change_type: ChangeType::Spend,
        delta: if unlimited(&account, spend) { 0 } else { -spend.cost },
        unlimited: Unlimited::Keep,
        source: spend.source.to_owned(),
        reference: Some(spend.run.to_owned()),
        notes: None,
        now: spend.now,
    };
    let booking = post(&tx, posting).await?;
    tx.commit().await?;
    Ok(booking)
}

fn suffices(account: &credit_account::Model, spend: &Spend<'_>) -> bool {
    unlimited(account, spend) || spend.cost == 0 || account.balance >= spend.cost
}

fn unlimited(account: &credit_account::Model, spend: &Spend<'_>) -> bool {
    account.unlimited_until.is_some_and(|until| until > spend.now)
}

async fn find(db: &impl ConnectionTrait, source: &str) -> Result<Option<ledger_entry::Model>, DbErr> {
    ledger_entry::Entity::find().filter(ledger_entry::Column::Source.eq(source)).one(db).await
}

fn replay(entry: ledger_entry::Model, spend: &Spend<'_>) -> Result<Booking, Error> {
    let same = entry.user_id == spend.user_id
        && entry.change_type == ChangeType::Spend
        && entry.reference.as_deref() == Some(spend.run);
    if same { Ok(Booking::Replayed(entry)) } else { Err(Error::SourceReused) }
}

fn duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
