//! Looks: an object is read from Stripe, and what was read is written under the account's lock.
//!
//! A look takes a fence, a number that grows, before it reads. What a later fence has written is never overwritten by an
//! earlier one. A look takes its fence after it was requested, so a look that is dropped is covered by the later
//! one.

mod events;
mod fence;
mod money;
mod pack;
mod proration;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::work::Kind;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use self::{
    events::{mark_failed, record_outcome},
    pack::PackCredit,
};
use super::{
    apply, auto_top_up,
    change::{Change, change, publish},
    context::{ApplyError, Context, NOT_OURS, Outcome},
    customer::owner,
    fact::Fact,
    invoice,
    object::Object,
    payment, refund, subscription, top_up,
};
use crate::{
    app::App,
    database::Account,
    error::Error,
    retry::retry,
    stripe::{CustomerState, Invoice, ReturnedAmounts, SavedCard, Session, Stripe, Subscription, SubscriptionState},
    work::{self, Claim, Next},
};

/// The time for which a failing look, and the events that requested it, are retried: as long as Stripe keeps events.
pub(super) const PATIENCE: TimeDelta = TimeDelta::days(30);

/// The time that a webhook's answer waits for its look.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The result of reading an object.
enum Reading<'a> {
    Subscription(Box<SubscriptionState>),
    NoSubscription(&'a str),
    Payment {
        id: &'a str,
        /// The user, if the payment is stored.
        user_id: Option<i64>,
        paid_for: Option<PaidFor>,
        returned: ReturnedAmounts,
    },
    Invoice {
        id: &'a str,
        invoice: Box<Invoice>,
        credited: i64,
    },
    Pack(PackCredit),
    /// The invoice of an automatic top-up that is not paid.
    TopUp(Box<Invoice>),
    Card(Box<SavedCard>),
    DeletedCustomer(&'a str),
    /// Nothing that concerns us.
    Nothing(&'static str),
}

impl Reading<'_> {
    /// The account that is locked to write what was read.
    fn account(&self) -> Option<Account> {
        match self {
            Self::Subscription(state) => Some(Account::Customer(state.subscription.customer.clone())),
            Self::Payment { user_id: Some(user_id), .. } => Some(Account::User(*user_id)),
            Self::Payment { paid_for: Some(PaidFor::Invoice(invoice)), .. }
            | Self::Invoice { invoice, .. }
            | Self::TopUp(invoice) => invoice.customer.clone().map(Account::Customer),
            Self::Card(card) => Some(Account::Customer(card.customer.clone())),
            Self::Payment { paid_for: Some(PaidFor::Session(session)), .. } => {
                session.customer.clone().map(Account::Customer)
            }
            Self::Pack(credit) => credit.customer.clone().map(Account::Customer),
            Self::DeletedCustomer(id) => Some(Account::Customer((*id).to_owned())),
            Self::NoSubscription(_) | Self::Payment { .. } | Self::Nothing(_) => None,
        }
    }
}

/// The purchase behind a payment that is not stored.
enum PaidFor {
    Invoice(Box<Invoice>),
    Session(Box<Session>),
}

/// Requests a look in a transaction: the queue does it after the commit, unless [`look`] does it before.
///
/// # Errors
/// The database's.
pub async fn request_look(tx: &impl ConnectionTrait, app: &App, object: &Object) -> Result<(), DbErr> {
    work::due(tx, &app.clock, Kind::Look, &object.key()).await
}

/// Looks at an object now, for a caller who waits, before the looks of the queue.
///
/// # Errors
/// Those of Stripe; [`Error::Unreadable`] and [`Error::Internal`] where the object cannot be read or applied; the database's.
pub async fn look(app: &App, object: &Object) -> Result<Outcome, Error> {
    let claim = work::claim_one(app.database.write(), &app.clock, Kind::Look, &object.key()).await?;
    let stripe = &app.payments()?.stripe;
    let looked = attempt(app, stripe, object).await;
    if let Some(claim) = claim {
        conclude(app, &claim, looked.as_ref().map(|_| Next::Done)).await?;
    }
    looked
}

/// As [`look`], and returns the subscription as Stripe described it.
///
/// # Errors
/// As those of [`look`]; [`Error::Internal`] where the subscription does not exist at Stripe.
pub async fn look_at_subscription(app: &App, id: &str) -> Result<SubscriptionState, Error> {
    let stripe = &app.payments()?.stripe;
    let fence = fence::take(&app.database).await?;
    let state = read_subscription(app, stripe, id).await?;
    let state = state.ok_or_else(|| Error::Internal(format!("{id} does not exist at Stripe")))?;
    let reading = Reading::Subscription(Box::new(state.clone()));
    write(app, &Object::Subscription(id.to_owned()), &reading, fence).await?;
    Ok(state)
}

/// As [`look`], paced below Stripe's limits: for a caller who looks at many objects.
///
/// # Errors
/// As those of [`look`].
pub(super) async fn look_in_background(app: &App, object: &Object) -> Result<Outcome, Error> {
    attempt(app, &app.payments()?.stripe.in_background(), object).await
}

/// Does a look of the queue, paced below Stripe's limits.
///
/// # Errors
/// As those of [`look`]: the look is due again.
pub async fn work_off_look(app: &App, key: &str) -> Result<Next, Error> {
    let stripe = app.payments()?.stripe.in_background();
    let object = Object::from_key(key)?;
    match attempt(app, &stripe, &object).await {
        Err(error) if is_given_up(app, key).await? => {
            tracing::error!(key, %error, "a look was given up after 30 days");
            Ok(Next::Done)
        }
        looked => looked.map(|_| Next::Done),
    }
}

/// Does a look whose task this process has taken, and records the result of the task.
pub(super) async fn work_off_claim(app: &App, claim: &Claim) {
    let worked = work::hold(app.database.write(), &app.clock, claim, work_off_look(app, &claim.key)).await;
    let Some(looked) = worked else { return };
    if let Err(error) = &looked {
        tracing::warn!(key = claim.key, %error, "a look failed and will be retried");
    }
    if let Err(error) = conclude(app, claim, looked.as_ref().copied()).await {
        tracing::warn!(key = claim.key, %error, "the result of a look could not be recorded");
    }
}

async fn conclude(app: &App, claim: &Claim, outcome: Result<Next, &Error>) -> Result<(), DbErr> {
    match outcome {
        Ok(next) => work::finish(app.database.write(), claim, next).await,
        Err(error) => work::fail(app.database.write(), &app.clock, claim, &error.to_string()).await,
    }
}

async fn is_given_up(app: &App, key: &str) -> Result<bool, DbErr> {
    let requested = work::requested_at(app.database.read(), Kind::Look, key).await?;
    let too_old = |requested: DateTime<Utc>| requested + PATIENCE < app.clock.wall();
    Ok(requested.is_some_and(too_old))
}

async fn attempt(app: &App, stripe: &Stripe, object: &Object) -> Result<Outcome, Error> {
    let fence = fence::take(&app.database).await?;
    match read(app, stripe, object).await {
        Err(error @ Error::Unreadable(_)) => {
            // It stays unreadable, however often it is read.
            mark_failed(app.database.write(), object, &error.to_string()).await?;
            Err(error)
        }
        reading => write(app, object, &reading?, fence).await,
    }
}

async fn read<'a>(app: &App, stripe: &Stripe, object: &'a Object) -> Result<Reading<'a>, Error> {
    Ok(match object {
        Object::Subscription(id) => match read_subscription(app, stripe, id).await? {
            Some(state) => Reading::Subscription(Box::new(state)),
            None => Reading::NoSubscription(id),
        },
        Object::Invoice(id) => read_invoice(app, stripe, id).await?,
        Object::Payment(id) => read_payment(app, stripe, id).await?,
        Object::Card(id) => match stripe.card_saved_by(id).await? {
            Some(card) => Reading::Card(Box::new(card)),
            None => Reading::Nothing("the checkout has saved no card"),
        },
        Object::Customer(id) => {
            if stripe.customer_state(id).await? == CustomerState::Deleted {
                Reading::DeletedCustomer(id)
            } else {
                Reading::Nothing("the customer was not deleted")
            }
        }
    })
}

async fn read_subscription(app: &App, stripe: &Stripe, id: &str) -> Result<Option<SubscriptionState>, Error> {
    let mut state = match stripe.subscription_state(id).await {
        Ok(state) => state,
        Err(failure) if failure.is_not_found() => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    let SubscriptionState { subscription, latest_invoice, .. } = &mut state;
    if let Some(paid) = latest_invoice.as_mut().filter(|invoice| invoice.is_paid()) {
        complete(app, stripe, paid, Some(&*subscription)).await?;
    }
    state.plan_price = money::plan_price(app, stripe, &state.subscription).await?;
    state.unpaid_invoice = money::unpaid_invoice(stripe, &state).await?;
    state.unpaid_unconfirmed = money::is_unconfirmed(stripe, state.unpaid_invoice.as_ref()).await?;
    Ok(Some(state))
}

async fn read_invoice<'a>(app: &App, stripe: &Stripe, id: &'a str) -> Result<Reading<'a>, Error> {
    let Some(mut invoice) = stripe.invoice(id).await? else {
        return Ok(Reading::Nothing("the invoice does not exist at Stripe"));
    };
    if owner(app.database.read(), invoice.customer.as_deref()).await?.is_none() {
        return Ok(Reading::Nothing(NOT_OURS));
    }
    if !invoice.is_paid() {
        let is_top_up = invoice.top_up().is_some();
        let unpaid = Reading::Nothing("the invoice is not paid");
        return Ok(if is_top_up { Reading::TopUp(Box::new(invoice)) } else { unpaid });
    }
    if invoice.is_of_pack() {
        let free = Reading::Nothing("the invoice of a pack that cost nothing");
        return Ok(PackCredit::read(stripe, id, invoice).await?.map_or(free, Reading::Pack));
    }
    complete(app, stripe, &mut invoice, None).await?;
    let credited = if invoice.credited == 0 { 0 } else { stripe.credited(id).await? };
    Ok(Reading::Invoice { id, invoice: Box::new(invoice), credited })
}

/// Adds what an invoice does not carry itself: the lines beyond its first page, and what its prorations are shares of. The
/// invoice may be one of a subscription that was read.
async fn complete(
    app: &App,
    stripe: &Stripe,
    invoice: &mut Invoice,
    subscription: Option<&Subscription>,
) -> Result<(), Error> {
    if invoice.lines.has_more
        && let Some(id) = &invoice.id
    {
        invoice.lines = stripe.invoice_lines(id).await?;
    }
    proration::complete(stripe, &app.payments()?.prices, invoice, subscription).await
}

async fn read_payment<'a>(app: &App, stripe: &Stripe, id: &'a str) -> Result<Reading<'a>, Error> {
    let user_id = refund::find(app.database.read(), id).await?.map(|payment| payment.user_id);
    let paid_for = if user_id.is_some() {
        None
    } else {
        let Some(payer) = stripe.payer(id).await? else {
            return Ok(Reading::Nothing("the payment does not exist at Stripe"));
        };
        if owner(app.database.read(), payer.customer.as_deref()).await?.is_none() {
            return Ok(Reading::Nothing(NOT_OURS));
        }
        let Some(paid_for) = paid_for(app, stripe, id).await? else {
            return Ok(Reading::Nothing("the payment is for nothing that we sell"));
        };
        Some(paid_for)
    };
    Ok(Reading::Payment { id, user_id, paid_for, returned: stripe.returned(id).await? })
}

async fn paid_for(app: &App, stripe: &Stripe, payment: &str) -> Result<Option<PaidFor>, Error> {
    if let Some(link) = stripe.invoice_paid_by(payment).await? {
        let Some(mut invoice) = stripe.invoice(&link.invoice).await?.filter(Invoice::is_paid) else { return Ok(None) };
        if invoice.is_of_pack() {
            return bought(stripe, payment).await;
        }
        complete(app, stripe, &mut invoice, None).await?;
        if !invoice.payment_intents.iter().any(|id| id == payment) {
            invoice.payment_intents.push(payment.to_owned());
        }
        return Ok(Some(PaidFor::Invoice(Box::new(invoice))));
    }
    bought(stripe, payment).await
}

async fn bought(stripe: &Stripe, payment: &str) -> Result<Option<PaidFor>, Error> {
    Ok(stripe.session_paid_by(payment).await?.map(Box::new).map(PaidFor::Session))
}

/// Writes what was read, marks the events that requested the look, and publishes the change.
async fn write(app: &App, object: &Object, reading: &Reading<'_>, fence: i64) -> Result<Outcome, Error> {
    let account = reading.account();
    let once = || async {
        let _turn = app.database.turn_at(account.clone()).await?;
        let tx = app.database.begin().await?;
        let outcome = apply_reading(&tx, app, reading, fence).await;
        if let Err(ApplyError::Transient(error)) = outcome {
            return Err(Error::from(error));
        }
        if let Err(ApplyError::Permanent(reason)) = &outcome {
            tx.rollback().await?;
            let tx = app.database.begin().await?;
            mark_failed(&tx, object, reason).await?;
            tx.commit().await?;
            return Err(Error::Internal(reason.clone()));
        }
        let outcome = outcome?;
        record_outcome(&tx, app, object, &outcome).await?;
        tx.commit().await?;
        Ok(outcome)
    };
    let outcome = retry(once).await?;
    if let Outcome::Applied(Some(change)) = &outcome {
        publish(app, *change);
    }
    Ok(outcome)
}

async fn apply_reading(
    tx: &DatabaseTransaction,
    app: &App,
    reading: &Reading<'_>,
    fence: i64,
) -> Result<Outcome, ApplyError> {
    let context = Context::new(tx, app)?;
    match reading {
        Reading::Nothing(reason) => Ok(Outcome::Ignored(reason)),
        Reading::DeletedCustomer(id) => apply(tx, app, Fact::CustomerDeleted((*id).to_owned())).await,
        Reading::NoSubscription(id) => subscription::apply_absence(&context, id).await,
        Reading::Subscription(state) => subscription::apply(&context, state, fence).await,
        Reading::Invoice { id, invoice, credited } => {
            let outcome = invoice::apply_complete(&context, invoice).await?;
            match invoice.payment_intents.first().filter(|_| invoice.top_up().is_some()) {
                Some(payment) => drop(payment::apply_credit(&context, payment, id, *credited, fence).await?),
                None => invoice::apply_credit(&context, id, *credited, fence).await?,
            }
            refreshed(&context, outcome).await
        }
        Reading::Pack(credit) => credit.apply(&context, fence).await,
        Reading::TopUp(invoice) => top_up::go_on(&context, invoice).await,
        Reading::Card(card) => auto_top_up::save_card(&context, card).await,
        Reading::Payment { id, paid_for, returned, .. } => {
            let origin = match paid_for {
                None => None,
                Some(PaidFor::Invoice(invoice)) => Some(invoice::apply_complete(&context, invoice).await?),
                Some(PaidFor::Session(session)) => Some(payment::apply(&context, (**session).clone(), false).await?),
            };
            let change = refund::apply(&context, id, *returned, fence).await?;
            Ok(match origin {
                Some(Outcome::Ignored(reason)) => Outcome::Ignored(reason),
                _ => Outcome::Applied(change),
            })
        }
    }
}

/// The outcome with the current versions.
async fn refreshed(context: &Context<'_>, outcome: Outcome) -> Result<Outcome, ApplyError> {
    let Outcome::Applied(Some(Change { user_id, .. })) = outcome else { return Ok(outcome) };
    Ok(Outcome::Applied(Some(change(context.tx, user_id).await?)))
}
