//! Webhooks: stored and applied in one transaction before they are answered. Where an event shows only that an object may have
//! changed, the transaction requests a look, which is done before the answer if that is possible within seconds.

use chrono::DateTime;
use entity::{
    event::{self, Status},
    work::Kind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QuerySelect, TryInsertResult,
};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    apply,
    change::publish,
    context::{ApplyError, NOT_OURS, Outcome},
    customer::owner,
    fact::{self, Fact},
    invoice,
    look::{self, ANSWER_WITHIN, PATIENCE},
    object::Object,
};
use crate::{
    app::App,
    database::{self, Account, Turn},
    error::Error,
    retry::{Retryable, retry},
    stripe::{Event, customer_in, id_of},
    telemetry,
    work::{self, Claim, Next},
};

/// Maximum length of an event's id in bytes; Stripe's are far shorter.
const MAX_ID_BYTES: usize = 255;

/// The result of a webhook. All of these are answered with 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The event was applied.
    Applied,
    /// The event does not concern us.
    Ignored,
    /// The event is stored, and the look that it requested is due.
    Waiting,
    /// The event is stored with its error, and will be retried.
    Failed,
    /// The event was applied or ignored before.
    Known,
}

impl Receipt {
    /// The receipt in one word.
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

/// The reason why a webhook was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Its body is not an event: 400.
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

impl Retryable for Refusal {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Ours(error) if error.is_transient())
    }
}

/// Takes a webhook's body, whose signature was checked.
///
/// # Errors
/// [`Refusal`]; nothing is stored then.
pub async fn receive(app: &App, body: &[u8]) -> Result<Receipt, Refusal> {
    let event = Event::parse(body).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    if !is_storable(&event) {
        return Err(Refusal::Unreadable("the event has an invalid id, type or version".to_owned()));
    }
    let payload = std::str::from_utf8(body).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let permit = app.inline_looks.try_acquire().ok();
    let stored = retry(|| store_and_apply(app, &event, payload, permit.is_some())).await?;
    let receipt = stored.follow_up(app, &event.id).await?;
    telemetry::webhook(fact::counted_as(&event.kind), receipt.word());
    Ok(receipt)
}

/// An event that is stored, and what is left to do about it.
pub(super) struct StoredEvent {
    receipt: Receipt,
    /// The look that the event requested, if this process is to do it.
    look: Option<Claim>,
}

impl StoredEvent {
    const KNOWN: Self = Self { receipt: Receipt::Known, look: None };

    /// Does the look, after the commit. The receipt is that of the event after a few seconds at most.
    pub(super) async fn follow_up(self, app: &App, id: &str) -> Result<Receipt, Error> {
        let Some(claim) = self.look else {
            app.work.wake();
            return Ok(self.receipt);
        };
        let task = app.clone();
        // In the span of the webhook, so that calls to Stripe are logged with its request id.
        let looking = app.tasks.spawn(async move { look::work_off_claim(&task, &claim).await }.in_current_span());
        // A look that takes longer continues in its task.
        let _ = timeout(ANSWER_WITHIN, looking).await;
        let event = event::Entity::find_by_id(id).one(app.database.read()).await?;
        Ok(event.map_or(self.receipt, |event| match event.status {
            Status::Applied => Receipt::Applied,
            Status::Ignored => Receipt::Ignored,
            Status::Failed => Receipt::Failed,
            Status::Received | Status::Waiting => Receipt::Waiting,
        }))
    }
}

/// Stores an event and applies it, or applies a stored one again, unless there is nothing left to do.
async fn store_and_apply(app: &App, event: &Event, payload: &str, inline: bool) -> Result<StoredEvent, Refusal> {
    let _turn = turn(app, event).await?;
    let tx = app.database.begin().await?;
    if store(&tx, app, event, payload).await? {
        return Ok(apply_event(app, tx, event, Previous::default(), inline).await?);
    }
    match locked(&tx, &event.id).await? {
        Some(known) if !matches!(known.status, Status::Applied | Status::Ignored) => {
            Ok(apply_event(app, tx, event, Previous::from(&known), inline).await?)
        }
        _ => Ok(StoredEvent::KNOWN),
    }
}

/// Retries an event that failed by its own fault: its price may be configured by now.
///
/// # Errors
/// [`Error::Internal`] with the event's fault, so that it is retried later; the database's.
pub async fn retry_event(app: &App, id: &str) -> Result<Next, Error> {
    let stored = event::Entity::find_by_id(id).one(app.database.read()).await?;
    let Some(stored) = stored.filter(|event| event.status == Status::Failed) else { return Ok(Next::Done) };
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

/// True where the envelope fits the inbox. PostgreSQL cannot store NUL in text.
fn is_storable(event: &Event) -> bool {
    let id = (1..=MAX_ID_BYTES).contains(&event.id.len()) && event.id.bytes().all(|byte| byte.is_ascii_graphic());
    let version = event.api_version.as_deref().unwrap_or_default();
    id && !event.kind.contains('\0') && !version.contains('\0')
}

/// Stores an event, unless it is stored already.
async fn store(tx: &DatabaseTransaction, app: &App, event: &Event, payload: &str) -> Result<bool, DbErr> {
    let row = event::ActiveModel {
        event_id: Set(event.id.clone()),
        kind: Set(event.kind.clone()),
        api_version: Set(event.api_version.clone()),
        livemode: Set(event.livemode),
        // Only shown to operators: an event whose time is out of range is applied like any other.
        created: Set(DateTime::from_timestamp(event.created, 0).unwrap_or(DateTime::UNIX_EPOCH)),
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

/// The earlier attempts at a stored event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Previous {
    attempts: i32,
    applied_at: Option<DateTime<chrono::Utc>>,
}

impl From<&event::Model> for Previous {
    fn from(row: &event::Model) -> Self {
        Self { attempts: row.attempts, applied_at: row.applied_at }
    }
}

/// The stored event, locked for this transaction.
pub(super) async fn locked(tx: &DatabaseTransaction, id: &str) -> Result<Option<event::Model>, DbErr> {
    let mut row = event::Entity::find_by_id(id);
    if tx.get_database_backend() == DbBackend::Postgres {
        row = row.lock_exclusive();
    }
    row.one(tx).await
}

/// Applies a stored event, or requests its look, and records the result. An applied event stays applied.
pub(super) async fn apply_event(
    app: &App,
    tx: DatabaseTransaction,
    event: &Event,
    previous: Previous,
    inline: bool,
) -> Result<StoredEvent, Error> {
    let outcome = match attempt(app, &tx, event).await {
        Err(ApplyError::Transient(error)) => return Err(error.into()),
        outcome => outcome,
    };
    let (receipt, status, error) = match &outcome {
        Ok(Outcome::Applied(_)) => (Receipt::Applied, Status::Applied, None),
        Ok(Outcome::Ignored(reason)) => (Receipt::Ignored, Status::Ignored, Some((*reason).to_owned())),
        Ok(Outcome::Look(_)) => (Receipt::Waiting, Status::Waiting, None),
        // The error may quote characters that the inbox cannot store.
        Err(error) => (Receipt::Failed, Status::Failed, Some(error.to_string().replace('\0', "\u{fffd}"))),
    };
    let outcome = outcome.unwrap_or(Outcome::Applied(None));
    let object = if let Outcome::Look(object) = &outcome { Some(object) } else { None };
    let applied_at = previous.applied_at.or_else(|| (status == Status::Applied).then(|| app.clock.wall()));
    let mark = event::ActiveModel {
        event_id: Unchanged(event.id.clone()),
        status: Set(if applied_at.is_some() { Status::Applied } else { status }),
        waits_for: Set(if applied_at.is_none() { object.map(Object::key) } else { None }),
        attempts: Set(previous.attempts + 1),
        error: Set(error.clone()),
        applied_at: Set(applied_at),
        ..Default::default()
    };
    mark.update(&tx).await?;
    if receipt == Receipt::Failed && applied_at.is_none() {
        let again = app.clock.wall() + work::pause(previous.attempts + 1);
        work::ensure_at(&tx, &app.clock, Kind::Event, &event.id, again).await?;
    }
    let look = request_look(app, &tx, object, inline).await?;
    tx.commit().await?;
    if receipt == Receipt::Failed {
        tracing::error!(event = event.id, kind = event.kind, error, "webhook failed");
    } else {
        tracing::info!(event = event.id, kind = event.kind, ?receipt, reason = error, "webhook");
    }
    if let Outcome::Applied(Some(change)) = outcome {
        publish(app, change);
    }
    Ok(StoredEvent { receipt, look })
}

/// Requests a look, and takes its task where it is to be done at once and no other worker holds it.
async fn request_look(
    app: &App,
    tx: &DatabaseTransaction,
    object: Option<&Object>,
    inline: bool,
) -> Result<Option<Claim>, DbErr> {
    let Some(key) = object.map(Object::key) else { return Ok(None) };
    work::due(tx, &app.clock, Kind::Look, &key).await?;
    if inline { work::claim_one(tx, &app.clock, Kind::Look, &key).await } else { Ok(None) }
}

/// Applies the event behind a savepoint, so that a fault of the event rolls back only its own writes.
async fn attempt(app: &App, tx: &DatabaseTransaction, event: &Event) -> Result<Outcome, ApplyError> {
    let live = app.payments().is_ok_and(|payments| payments.stripe.livemode());
    if event.livemode != live {
        return Ok(Outcome::Ignored("an event of the other mode, test or live"));
    }
    if is_foreign(tx, event).await? {
        return Ok(Outcome::Ignored(NOT_OURS));
    }
    let fact = match Fact::read(event) {
        Ok(fact) => fact,
        Err(ignored) => return ignored.reason().map(Outcome::Ignored),
    };
    let subscription = if let Fact::Invoice(invoice) = &fact { invoice.subscription.clone() } else { None };
    let savepoint = database::savepoint(tx).await?;
    match apply(&savepoint, app, fact).await {
        Ok(Outcome::Look(object)) if !object.is_plausible() => {
            savepoint.rollback().await?;
            Err(ApplyError::Permanent("it contains an invalid Stripe id".to_owned()))
        }
        Ok(outcome) => {
            savepoint.commit().await?;
            let subscription = subscription.map(Object::Subscription).filter(Object::is_plausible);
            let is_paid = matches!(outcome, Outcome::Applied(Some(_)) | Outcome::Look(Object::Invoice(_)));
            if let Some(subscription) = subscription.filter(|_| is_paid) {
                // A renewal's invoice shows that the subscription has renewed.
                work::due(tx, &app.clock, Kind::Look, &subscription.key()).await?;
            }
            Ok(outcome)
        }
        Err(error) => {
            savepoint.rollback().await?;
            Err(error)
        }
    }
}

/// True for an event about a customer that is not ours. Such an event may have any shape.
async fn is_foreign(tx: &DatabaseTransaction, event: &Event) -> Result<bool, DbErr> {
    let Some(customer) = customer_in(&event.object) else { return Ok(false) };
    Ok(owner(tx, Some(&customer)).await?.is_none())
}

/// Waits for a turn at the account of the customer that an event names, or of the stored invoice that it is about.
pub(super) async fn turn(app: &App, event: &Event) -> Result<Option<Turn>, DbErr> {
    let account = if let Some(customer) = customer_in(&event.object) {
        Some(Account::Customer(customer))
    } else if let Some(id) = id_of(&event.object["invoice"]).filter(|id| !id.contains('\0')) {
        invoice::find(app.database.read(), &id).await?.map(|invoice| Account::User(invoice.user_id))
    } else {
        None
    };
    app.database.turn_at(account).await
}
