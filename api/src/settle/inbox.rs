//! Webhooks: stored, settled and marked in one transaction, before they are answered.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    event::{self, Status},
    work::Kind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QuerySelect, TryInsertResult,
};

use super::{Fact, NOT_OURS, News, Outcome, Trouble, announce, apply, fact, owner, subscription, waiting};
use crate::{
    app::App,
    database,
    error::Error,
    retry::{Passing, retry},
    stripe::Event,
    telemetry,
    work::{self, Next},
};

/// Bytes of an event's id: Stripe's are far shorter.
const MAX_ID_BYTES: usize = 255;

/// The pause before a failed event is tried again. It doubles with each attempt, up to [`MAX_PAUSE`].
const PAUSE: TimeDelta = TimeDelta::seconds(15);

/// The longest pause between two attempts.
const MAX_PAUSE: TimeDelta = TimeDelta::hours(1);

/// For how long a failed event is tried again without being asked to: as long as Stripe remembers it.
const PATIENCE: TimeDelta = TimeDelta::days(30);

/// What became of a webhook. All of these are answered with 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was settled.
    Applied,
    /// It means nothing to us.
    Ignored,
    /// It is about something that is not known yet, and is kept until that comes.
    Waiting,
    /// It is stored with its error: trying again at once would not help.
    Failed,
    /// It was settled or ignored before.
    Known,
}

impl Receipt {
    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Known => "known",
        }
    }
}

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Its body is no event: 400.
    #[error("{0}")]
    Unreadable(String),
    /// Our fault, and nothing is stored: 5xx, so that Stripe sends it again.
    #[error(transparent)]
    Ours(#[from] Error),
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        Self::Ours(error.into())
    }
}

/// Takes a webhook's body, whose signature was checked.
///
/// # Errors
/// [`Refusal`]; nothing is stored then.
pub async fn receive(app: &App, body: &[u8]) -> Result<Receipt, Refusal> {
    let taken = take_again(app, body).await?;
    let receipt = taken.receipt;
    taken.follow_up(app).await;
    Ok(receipt)
}

/// What became of an event, and what that means to others.
pub(super) struct Taken {
    receipt: Receipt,
    /// What is known now that was not before, by Stripe's ids.
    pub(super) makes_known: Vec<String>,
    /// What has to be known first, by Stripe's id.
    waits_for: Option<String>,
}

impl Taken {
    const KNOWN: Self = Self { receipt: Receipt::Known, makes_known: Vec::new(), waits_for: None };

    /// After the commit: settles what has waited for this, or this one where what it waits for came meanwhile.
    pub(super) async fn follow_up(self, app: &App) {
        match self.waits_for {
            Some(waits_for) => waiting::look_again(app, waits_for).await,
            None => waiting::wake(app, self.makes_known).await,
        }
    }
}

/// Takes an event, again where the database could not, and leaves those that wait alone.
pub(super) async fn take_again(app: &App, body: &[u8]) -> Result<Taken, Refusal> {
    retry(|| take(app, body)).await
}

impl Passing for Refusal {
    fn passing(&self) -> bool {
        matches!(self, Self::Ours(error) if error.passing())
    }
}

async fn take(app: &App, body: &[u8]) -> Result<Taken, Refusal> {
    let event = Event::parse(body).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let payload = std::str::from_utf8(body).ok().filter(|_| storable(&event));
    let payload = payload.ok_or_else(|| Refusal::Unreadable("the event has an odd id, type or version".to_owned()))?;
    let taken = settled(app, &event, payload).await?;
    telemetry::webhook(fact::counted_as(&event.kind), taken.receipt.word());
    Ok(taken)
}

/// Stores an event and settles it, or settles it again, unless there is nothing left to do.
async fn settled(app: &App, event: &Event, payload: &str) -> Result<Taken, Refusal> {
    let tx = app.database.begin().await?;
    if store(&tx, app, event, payload).await? {
        return settle(app, tx, event, Tried::default()).await;
    }
    match locked(&tx, &event.id).await? {
        Some(known) if !matches!(known.status, Status::Applied | Status::Ignored) => {
            settle(app, tx, event, Tried::from(&known)).await
        }
        _ => Ok(Taken::KNOWN),
    }
}

/// Tries a failed event again: its price may be configured by now.
///
/// # Errors
/// [`Error::Internal`] with the event's own fault, so that it is tried again later; the database's.
pub async fn retry_event(app: &App, id: &str) -> Result<Next, Error> {
    let stored = event::Entity::find_by_id(id).one(app.database.read()).await?;
    let Some(stored) = stored.filter(|event| event.status == Status::Failed && !event.payload.is_empty()) else {
        return Ok(Next::Done);
    };
    match receive(app, stored.payload.as_bytes()).await {
        Ok(Receipt::Failed) if stored.received_at + PATIENCE > app.clock.wall() => {
            let now = event::Entity::find_by_id(id).one(app.database.read()).await?;
            Err(Error::Internal(now.and_then(|event| event.error).unwrap_or_default()))
        }
        Ok(_) => Ok(Next::Done),
        Err(Refusal::Ours(error)) => Err(error),
        Err(Refusal::Unreadable(reason)) => Err(Error::Internal(reason)),
    }
}

/// When an event that came then, and was tried so often, is to be tried again.
pub(super) fn due_at(received_at: DateTime<Utc>, attempts: i32) -> DateTime<Utc> {
    received_at + pauses(attempts)
}

/// How long after its arrival an event that was tried so often is due: the sum of all pauses.
fn pauses(attempts: i32) -> TimeDelta {
    (0..attempts).fold(TimeDelta::zero(), |sum, attempt| {
        let pause = PAUSE.checked_mul(1 << attempt.clamp(0, 16)).unwrap_or(MAX_PAUSE);
        sum + pause.min(MAX_PAUSE)
    })
}

/// Whether the envelope fits the inbox. PostgreSQL takes no NUL in a text.
fn storable(event: &Event) -> bool {
    let id = (1..=MAX_ID_BYTES).contains(&event.id.len()) && event.id.bytes().all(|byte| byte.is_ascii_graphic());
    let version = event.api_version.as_deref().unwrap_or_default();
    id && !event.kind.contains('\0') && !version.contains('\0')
}

/// Stores an event, unless it is there already.
async fn store(tx: &DatabaseTransaction, app: &App, event: &Event, payload: &str) -> Result<bool, DbErr> {
    let row = event::ActiveModel {
        event_id: Set(event.id.clone()),
        kind: Set(event.kind.clone()),
        api_version: Set(event.api_version.clone()),
        livemode: Set(event.livemode),
        created: Set(DateTime::from_timestamp(event.created, 0).unwrap_or_default()),
        payload: Set(payload.to_owned()),
        status: Set(Status::Received),
        waits_for: Set(None),
        attempts: Set(0),
        error: Set(None),
        received_at: Set(app.clock.wall()),
        applied_at: Set(None),
    };
    let inserted = event::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx).await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// What came of a stored event so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tried {
    attempts: i32,
    applied_at: Option<DateTime<Utc>>,
}

impl From<&event::Model> for Tried {
    fn from(row: &event::Model) -> Self {
        Self { attempts: row.attempts, applied_at: row.applied_at }
    }
}

/// The stored event, for this transaction alone.
pub(super) async fn locked(tx: &DatabaseTransaction, id: &str) -> Result<Option<event::Model>, DbErr> {
    let mut row = event::Entity::find_by_id(id);
    if tx.get_database_backend() == DbBackend::Postgres {
        row = row.lock_exclusive();
    }
    row.one(tx).await
}

/// Settles a stored event, and marks what became of it. What was applied once stays applied, whatever is said now.
pub(super) async fn settle(app: &App, tx: DatabaseTransaction, event: &Event, tried: Tried) -> Result<Taken, Refusal> {
    let outcome = match attempt(app, &tx, event).await {
        Err(Trouble::Passing(error)) => return Err(error.into()),
        outcome => outcome,
    };
    let (receipt, status, error) = match &outcome {
        Ok((Outcome::Applied(_), _)) => (Receipt::Applied, Status::Applied, None),
        Ok((Outcome::Ignored(reason), _)) => (Receipt::Ignored, Status::Ignored, Some((*reason).to_owned())),
        Ok((Outcome::Waits(_), _)) => (Receipt::Waiting, Status::Waiting, None),
        // What the trouble quotes may hold what the inbox cannot.
        Err(trouble) => (Receipt::Failed, Status::Failed, Some(trouble.to_string().replace('\0', "\u{fffd}"))),
    };
    let (outcome, makes_known) = outcome.unwrap_or((Outcome::Applied(None), Vec::new()));
    let applied_at = tried.applied_at.or_else(|| (status == Status::Applied).then(|| app.clock.wall()));
    let waits_for = if let Outcome::Waits(waits_for) = &outcome { Some(waits_for.clone()) } else { None };
    let mark = event::ActiveModel {
        event_id: Unchanged(event.id.clone()),
        status: Set(if applied_at.is_some() { Status::Applied } else { status }),
        waits_for: Set(waits_for.clone().filter(|_| applied_at.is_none())),
        attempts: Set(tried.attempts + 1),
        error: Set(error.clone()),
        applied_at: Set(applied_at),
        ..Default::default()
    };
    mark.update(&tx).await?;
    if receipt == Receipt::Failed && applied_at.is_none() {
        let again = app.clock.wall() + work::pause(tried.attempts + 1);
        work::ensure_at(&tx, &app.clock, (Kind::Event, &event.id), again).await?;
    }
    tx.commit().await?;
    if receipt == Receipt::Failed {
        tracing::error!(event = event.id, kind = event.kind, error, "webhook failed");
    } else {
        tracing::info!(event = event.id, kind = event.kind, ?receipt, reason = error, waits_for, "webhook");
    }
    if let Outcome::Applied(Some(news)) = outcome {
        tell(app, news, event);
    }
    let makes_known = if receipt == Receipt::Applied { makes_known } else { Vec::new() };
    Ok(Taken { receipt, makes_known, waits_for })
}

/// Applies the event behind a savepoint, so that its own fault takes back only what it did. With the outcome comes what
/// it makes known.
async fn attempt(app: &App, tx: &DatabaseTransaction, event: &Event) -> Result<(Outcome, Vec<String>), Trouble> {
    let live = app.payments().is_ok_and(|payments| payments.stripe.livemode());
    if event.livemode != live {
        return Ok((Outcome::Ignored("of the other mode"), Vec::new()));
    }
    let fact = match Fact::read(event) {
        Ok(Some(fact)) => fact,
        Ok(None) => return Ok((Outcome::Ignored(fact::needless(&event.kind)), Vec::new())),
        // What is not ours may look as it likes.
        Err(_) if about_nobody(tx, event).await? => return Ok((Outcome::Ignored(NOT_OURS), Vec::new())),
        Err(trouble) => return Err(trouble),
    };
    let makes_known = fact.makes_known();
    let savepoint = database::savepoint(tx).await?;
    match apply(&savepoint, app, fact).await {
        Ok(outcome) => {
            savepoint.commit().await?;
            Ok((outcome, makes_known))
        }
        Err(trouble) => {
            savepoint.rollback().await?;
            Err(trouble)
        }
    }
}

/// Whether the event is about a customer, and that one is not ours.
async fn about_nobody(tx: &DatabaseTransaction, event: &Event) -> Result<bool, DbErr> {
    let customer = &event.object["customer"];
    let Some(customer) = customer.as_str().or_else(|| customer["id"].as_str()) else { return Ok(false) };
    Ok(owner(tx, Some(customer)).await?.is_none())
}

/// After the commit: tells the watchers, and asks Stripe where two states were told within one second.
fn tell(app: &App, news: News, event: &Event) {
    announce(app, news);
    // A schedule is asked for with the subscription that it steers.
    let subject = if event.kind.starts_with("subscription_schedule.") { "subscription" } else { "id" };
    let id = event.object[subject].as_str().or_else(|| event.object[subject]["id"].as_str());
    let Some(id) = id.filter(|_| news.tied).map(ToOwned::to_owned) else { return };
    let app = app.clone();
    app.tasks.clone().spawn(async move {
        if let Err(error) = subscription::read_again(&app, &id).await {
            tracing::warn!(subscription = id, %error, "could not ask which of two states is the later");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_between_attempts_double_up_to_an_hour() {
        assert_eq!(pauses(0), TimeDelta::zero());
        assert_eq!(pauses(1), TimeDelta::seconds(15));
        assert_eq!(pauses(3), TimeDelta::seconds(15 + 30 + 60));
        assert_eq!(pauses(21) - pauses(20), TimeDelta::hours(1));
        assert!(pauses(i32::from(i16::MAX)) > PATIENCE);
    }
}
