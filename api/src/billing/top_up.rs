//! Automatic top-ups: a saved card is charged for credits when an account runs low.
//!
//! They cannot run away. A top-up is decided under the account's lock, while none is under way, and its amount is reserved against
//! the cap of the calendar month (UTC, by business time) in the same transaction. A gap is closed in one charge. The credits
//! follow the paid invoice, and a top-up is over only once it is paid, or once its invoice can no longer be paid. A payment
//! that has to be confirmed, three declined ones in a row, a refund or a dispute pause them until the user resumes.
//!
//! Charges of exports take no part in this: accounts that ran low are found from the ledger afterwards.

mod charge;
mod decision;
mod purchase;
mod settings;

use chrono::TimeDelta;
use entity::{
    auto_top_up,
    operation::{self as operation_row, State as OperationState},
    top_up::{Column, Entity, Model, State},
    work::Kind,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement, Value};

use self::decision::decide;
use super::operation;
use crate::{
    app::App,
    clock,
    error::Error,
    page::{Page, Window},
    stripe::{Collection, Failure, NewTopUp, TopUpInvoice},
    sync::{self, Fact, TopUpOutcome, TopUpReport},
    work::{self, Next},
};

pub use self::settings::{
    AutoTopUpState, SetAutoTopUp, SetResult, disable, resume, set, start_card_setup, state, watch,
};

/// The time after which a payment that is processing is read again. Events usually report its end before.
const PROCESSING_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Goes on with the top-up of a user that is under way, and begins one where credits are low.
///
/// # Errors
/// [`Error::StripeUnavailable`] while an outcome is unknown; the database's: it is retried.
pub async fn run(app: &App, user_id: i64) -> Result<Next, Error> {
    if let Some(top_up) = under_way(app, user_id).await?
        && let Some(next) = go_on(app, top_up).await?
    {
        return Ok(next);
    }
    if let Some(begun) = decide(app, user_id).await? {
        finish(app, begun).await?;
        let top_up = under_way(app, user_id).await?;
        if top_up.is_some_and(|top_up| top_up.state == State::Processing) {
            return Ok(Next::At(app.clock.wall() + PROCESSING_PAUSE));
        }
    }
    Ok(Next::Done)
}

/// Finishes the operation of a top-up, and records the end of the top-up where that had no effect.
///
/// # Errors
/// As those of [`run`].
pub(super) async fn finish(app: &App, operation: operation_row::Model) -> Result<(), Error> {
    let request: NewTopUp = operation::request(&operation)?;
    let outcome = match operation::finish::<NewTopUp>(app, operation).await {
        Ok(Some(_)) => return Ok(()),
        Ok(None) => TopUpOutcome::Abandoned,
        Err(Error::StripeRefused(_)) => TopUpOutcome::Refused,
        Err(error) => return Err(error),
    };
    learn(app, TopUpReport { user_id: request.user_id, top_up: request.top_up, invoice: None, outcome }).await
}

async fn learn(app: &App, report: TopUpReport) -> Result<(), Error> {
    sync::learn(app, Fact::TopUp(Box::new(report))).await.map(drop)
}

async fn under_way(app: &App, user_id: i64) -> Result<Option<Model>, Error> {
    let of_user = Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::State.is_in(State::UNDER_WAY));
    Ok(of_user.one(app.database.read()).await?)
}

/// Goes on with a top-up. Returns when to look at it again, or `None` once it is over.
async fn go_on(app: &App, top_up: Model) -> Result<Option<Next>, Error> {
    let operation = match top_up.operation_id {
        Some(id) => operation::find(app, id).await?,
        None => None,
    };
    let report = |outcome| TopUpReport { user_id: top_up.user_id, top_up: top_up.id, invoice: None, outcome };
    match operation {
        Some(open) if open.state == OperationState::Open => {
            finish(app, open).await?;
            match under_way(app, top_up.user_id).await? {
                Some(now) => follow(app, now).await,
                None => Ok(None),
            }
        }
        Some(operation) if operation.state == OperationState::Refused => {
            learn(app, report(TopUpOutcome::Refused)).await.map(|()| None)
        }
        Some(operation) if operation.state == OperationState::Lapsed => {
            learn(app, report(TopUpOutcome::Abandoned)).await.map(|()| None)
        }
        _ => follow(app, top_up).await,
    }
}

/// Follows the payment of a top-up whose operation is done, until it is paid or can no longer be paid.
async fn follow(app: &App, top_up: Model) -> Result<Option<Next>, Error> {
    let stripe = app.payments()?.stripe.in_background();
    let found = match &top_up.stripe_invoice_id {
        Some(id) => stripe.top_up_invoice(id).await?,
        None => None,
    };
    let (invoice, collection) = match found {
        Some(TopUpInvoice { invoice, collection }) => (Some(invoice), collection),
        None => (None, Collection::Void),
    };
    let (outcome, next) = match collection {
        Collection::Paid => (TopUpOutcome::Paid, None),
        Collection::Processing => (TopUpOutcome::Processing, Some(Next::At(app.clock.wall() + PROCESSING_PAUSE))),
        Collection::ActionRequired if waits_for_user(app, top_up.user_id).await? => {
            (TopUpOutcome::ActionRequired, Some(Next::Done))
        }
        Collection::Void | Collection::Draft => (TopUpOutcome::Abandoned, None),
        Collection::ActionRequired | Collection::Open | Collection::Declined(_) => {
            void(app, top_up.stripe_invoice_id.as_deref().unwrap_or_default()).await?;
            if let Collection::Declined(code) = collection {
                (TopUpOutcome::Declined(code), None)
            } else {
                (TopUpOutcome::Abandoned, None)
            }
        }
    };
    learn(app, TopUpReport { user_id: top_up.user_id, top_up: top_up.id, invoice, outcome }).await?;
    Ok(next)
}

/// True while a payment that has to be confirmed may stay open: until the user resumes, or disables top-ups.
async fn waits_for_user(app: &App, user_id: i64) -> Result<bool, Error> {
    let settings = sync::top_up_settings(app.database.read(), user_id).await?;
    Ok(settings.is_some_and(|settings| settings.enabled && settings.pause == Some(auto_top_up::Pause::ActionRequired)))
}

async fn void(app: &App, invoice: &str) -> Result<(), Error> {
    match app.payments()?.stripe.in_background().void_invoice(&clock::random_id(), invoice).await {
        // It was paid or voided meanwhile, or its payment is processing: the next attempt sees that.
        Err(Failure::Refused(_)) => Err(Error::StripeUnavailable),
        voided => Ok(voided?),
    }
}

/// Ends top-ups of a closed account: nothing is charged any longer, and the card is removed at Stripe.
///
/// # Errors
/// As those of [`run`].
pub(super) async fn end(app: &App, user_id: i64) -> Result<(), Error> {
    let Some(settings) = sync::top_up_settings(app.database.read(), user_id).await? else { return Ok(()) };
    disable(app, user_id).await?;
    if let Some(top_up) = under_way(app, user_id).await? {
        go_on(app, top_up).await?;
    }
    if let Some(card) = &settings.payment_method {
        app.payments()?.stripe.in_background().detach(&clock::random_id(), card).await?;
    }
    settings::forget_card(app, user_id).await
}

/// One page of a user's top-ups, newest first, keyed by id.
///
/// # Errors
/// The database's.
pub async fn page(app: &App, user_id: i64, window: Window) -> Result<Page<Model>, Error> {
    let mut cursor = Entity::find().filter(Column::UserId.eq(user_id)).cursor_by(Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(app.database.read()).await?, &window))
}

/// The largest number of accounts that are read at once.
const BATCH: usize = 500;

/// The next accounts whose top-ups are enabled and not paused, after the user `$1`.
const ACTIVE: &str =
    "SELECT user_id FROM auto_top_ups WHERE enabled AND pause IS NULL AND user_id > $1 ORDER BY user_id LIMIT 500";

/// Accounts below the threshold of their owner for whom a top-up may begin, at the business time `$1`.
const LOW: &str = "SELECT t.user_id FROM auto_top_ups t JOIN credit_accounts a ON a.user_id = t.user_id \
    WHERE t.enabled AND t.pause IS NULL AND a.balance - a.held < t.below \
    AND (a.unlimited_until IS NULL OR a.unlimited_until <= $1) AND (t.not_before IS NULL OR t.not_before <= $1) \
    AND NOT EXISTS (SELECT 1 FROM top_ups u WHERE u.user_id = t.user_id \
    AND u.state IN ('pending', 'processing', 'action_required'))";

/// Requests the task of every account whose credits are low.
///
/// # Errors
/// The database's.
pub async fn request_all(app: &App) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let users = user_ids(app, ACTIVE.to_owned(), vec![after.into()]).await?;
        let Some(last) = users.last() else { return Ok(()) };
        after = *last;
        request_where_low(app, &users).await?;
    }
}

/// Requests the tasks of those of these users whose credits are low.
///
/// # Errors
/// The database's.
pub async fn request_where_low(app: &App, users: &[i64]) -> Result<(), Error> {
    if app.payments.is_none() {
        return Ok(());
    }
    for users in users.chunks(BATCH) {
        let low = low(app, users).await?;
        for user_id in &low {
            work::ensure(app.database.write(), &app.clock, Kind::TopUp, &user_id.to_string()).await?;
        }
        if !low.is_empty() {
            app.work.wake();
        }
    }
    Ok(())
}

async fn low(app: &App, users: &[i64]) -> Result<Vec<i64>, DbErr> {
    let places: Vec<_> = (2..).take(users.len()).map(|number| format!("${number}")).collect();
    let mut values = vec![Value::from(app.clock.now())];
    values.extend(users.iter().map(|user_id| Value::from(*user_id)));
    let users = places.join(", ");
    // Both, since PostgreSQL does not conclude the one from the other.
    let low = format!("{LOW} AND t.user_id IN ({users}) AND a.user_id IN ({users})");
    user_ids(app, low, values).await
}

async fn user_ids(app: &App, sql: String, values: Vec<Value>) -> Result<Vec<i64>, DbErr> {
    let db = app.database.read();
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| row.try_get("", "user_id")).collect()
}
