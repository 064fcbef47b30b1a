//! Compares the objects themselves, as Stripe has them now. Objects that differ from their rows are looked at.

use std::collections::{HashMap, HashSet};

use chrono::DateTime;
use entity::{customer, invoice, payment, payment_intent, subscription};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, LoaderTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::IntoCondition,
};
use serde_json::Value;

use super::{Line, MAX_PAGES, owned, too_many_pages};
use crate::{
    app::App,
    error::Error,
    stripe::{
        Invoice, Noun, PaymentIntentStatus, PaymentStatus, Session, SessionMode, Stripe, Subscription, Unreadable,
        id_of, payment_intent_status, payment_of,
    },
    sync::{
        Change, Fact, Object,
        change::change,
        learn,
        look::{look_in_background, request_look},
    },
};

/// The number of open rows that are read at once.
const BATCH: u64 = 500;

/// The number of objects in a row that Stripe may fail to answer for: it is not away because of one that it cannot serve.
const MAX_UNREACHABLE: u32 = 3;

/// An object at Stripe, and the user to whom it belongs.
struct OwnedObject {
    object: Value,
    user_id: i64,
}

/// A stored object that is not final.
struct OpenRow {
    /// The number of the row.
    row: i64,
    user_id: i64,
    /// The id at Stripe.
    id: String,
}

/// An object that may differ from its row.
struct Suspect {
    user_id: i64,
    id: String,
    repair: Repair,
}

enum Repair {
    Look(Object),
    Session { session: Box<Session>, failed: bool },
}

/// Compares the objects of a noun that were created since a second of Unix time, and those whose rows are still open.
pub(super) async fn compare(app: &App, noun: Noun, since: i64, line: &mut Line) -> Result<(), Error> {
    let stripe = app.payments()?.stripe.in_background();
    let seen = compare_listed(app, &stripe, noun, since, line).await?;
    let mut last = 0;
    loop {
        let open = open(app, noun, since, last).await?;
        let Some(OpenRow { row, .. }) = open.last() else { return Ok(()) };
        last = *row;
        for open in open.into_iter().filter(|open| !seen.contains(&open.id)) {
            line.looked_at += 1;
            match unlisted(&stripe, noun, &open).await {
                Ok(Some(suspect)) => repair(app, suspect, line).await?,
                Ok(None) => {}
                Err(error) => pass(line, &open.id, error)?,
            }
        }
    }
}

/// Compares what Stripe lists, page by page. Returns the ids of the rows it was compared with.
async fn compare_listed(
    app: &App,
    stripe: &Stripe,
    noun: Noun,
    since: i64,
    line: &mut Line,
) -> Result<HashSet<String>, Error> {
    let (mut after, mut seen) = (None, HashSet::new());
    for _ in 0..MAX_PAGES {
        let page = stripe.listed(noun, since, after.as_deref()).await?;
        let ours = ours(app, noun, page.objects).await?;
        line.looked_at += ours.len();
        seen.extend(ours.iter().filter_map(|owned| subject(noun, &owned.object)));
        for suspect in suspects(app, noun, ours, line).await? {
            repair(app, suspect, line).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(seen);
        }
    }
    Err(too_many_pages())
}

/// The row that an object is compared with, by its id at Stripe.
fn subject(noun: Noun, object: &Value) -> Option<String> {
    match noun {
        Noun::Refund | Noun::Dispute => payment_of(object),
        _ => id_of(object),
    }
}

/// The objects that belong to a customer of ours, or to a payment of one.
async fn ours(app: &App, noun: Noun, objects: Vec<Value>) -> Result<Vec<OwnedObject>, DbErr> {
    let user = if matches!(noun, Noun::Refund | Noun::Dispute) {
        let users = owned::payments(app, objects.iter().filter_map(payment_of).collect()).await?;
        Box::new(move |object: &Value| users.get(&payment_of(object)?).copied())
            as Box<dyn Fn(&Value) -> Option<i64> + Send>
    } else {
        let users =
            owned::customers(app, objects.iter().filter_map(|object| id_of(&object["customer"])).collect()).await?;
        Box::new(move |object: &Value| users.get(&id_of(&object["customer"])?).copied())
    };
    Ok(objects.into_iter().filter_map(|object| Some(OwnedObject { user_id: user(&object)?, object })).collect())
}

/// The objects that may differ from their rows. An unreadable object is counted as failed.
async fn suspects(app: &App, noun: Noun, objects: Vec<OwnedObject>, line: &mut Line) -> Result<Vec<Suspect>, DbErr> {
    let ids: Vec<_> = objects.iter().filter_map(|owned| subject(noun, &owned.object)).collect();
    let stored = Stored::read(app, noun, &ids).await?;
    let mut suspects = Vec::new();
    for OwnedObject { object, user_id } in objects {
        match stored.differs(&object, noun) {
            Ok(Some(repair)) => {
                let Some(id) = id_of(&object) else {
                    fail(line, "", "the object has no id");
                    continue;
                };
                suspects.push(Suspect { user_id, id, repair });
            }
            Ok(None) => {}
            Err(error) => fail(line, &object["id"].to_string(), &error.to_string()),
        }
    }
    Ok(suspects)
}

/// The rows of a page.
#[derive(Default)]
struct Stored {
    subscriptions: HashMap<String, subscription::Model>,
    payments: HashMap<String, payment::Model>,
    invoices: HashMap<String, invoice::Model>,
}

impl Stored {
    async fn read(app: &App, noun: Noun, ids: &[String]) -> Result<Self, DbErr> {
        let db = app.database.read();
        let mut stored = Self::default();
        match noun {
            Noun::Subscription => {
                let rows = subscription::Entity::find().filter(subscription::Column::StripeSubscriptionId.is_in(ids));
                let rows = rows.all(db).await?.into_iter();
                stored.subscriptions = rows.map(|row| (row.stripe_subscription_id.clone(), row)).collect();
            }
            Noun::Session => {
                let rows = payment::Entity::find().filter(payment::Column::StripeCheckoutSessionId.is_in(ids));
                let rows = rows.all(db).await?.into_iter();
                stored.payments = rows.map(|row| (row.stripe_checkout_session_id.clone(), row)).collect();
            }
            Noun::Invoice => {
                let rows = invoice::Entity::find().filter(invoice::Column::StripeInvoiceId.is_in(ids));
                stored.invoices =
                    rows.all(db).await?.into_iter().map(|row| (row.stripe_invoice_id.clone(), row)).collect();
                // Those of automatic top-ups are stored as payments.
                let rows = payment::Entity::find().filter(payment::Column::StripeCheckoutSessionId.is_in(ids));
                let rows = rows.all(db).await?.into_iter();
                stored.payments = rows.map(|row| (row.stripe_checkout_session_id.clone(), row)).collect();
            }
            // Their payment is looked at in any case.
            Noun::Refund | Noun::Dispute => {}
        }
        Ok(stored)
    }

    /// The repair of an object that may differ from its row.
    fn differs(&self, object: &Value, noun: Noun) -> Result<Option<Repair>, Unreadable> {
        Ok(match noun {
            Noun::Subscription => {
                let subscription = Subscription::from_value(object)?;
                let same = self.subscriptions.get(&subscription.id).is_some_and(|row| is_same(row, &subscription));
                (!same).then_some(Repair::Look(Object::Subscription(subscription.id)))
            }
            Noun::Session => {
                let session = Session::from_value(object)?;
                let failed = is_over(&session, object)?;
                let same = session.mode != SessionMode::Payment
                    || self.payments.get(&session.id).is_some_and(|row| is_same_payment(row, &session, failed));
                (!same).then_some(Repair::Session { session: Box::new(session), failed })
            }
            Noun::Invoice => {
                let invoice = Invoice::from_value(object)?;
                if invoice.is_of_pack() && invoice.credited == 0 {
                    return Ok(None);
                }
                let Some(id) = invoice.id else { return Ok(None) };
                if invoice.credited == 0 && self.payments.contains_key(&id) {
                    return Ok(None);
                }
                // The amounts are not comparable: a part may have been refunded, which other rows record.
                let is_credited = |row: &invoice::Model| row.amount_credited > 0 || invoice.credited > 0;
                let same = self.invoices.get(&id).is_some_and(|row| !is_credited(row));
                (!same).then_some(Repair::Look(Object::Invoice(id)))
            }
            Noun::Refund | Noun::Dispute => payment_of(object).map(|payment| Repair::Look(Object::Payment(payment))),
        })
    }
}

/// A list shows neither the schedule of a subscription nor its newest invoice, which may be paid: both are looked at.
fn is_same(row: &subscription::Model, subscription: &Subscription) -> bool {
    let plan = subscription.items.iter().find(|item| item.price == row.stripe_price_id);
    row.status == subscription.status
        && subscription.schedule.is_none()
        && row.scheduled_tier.is_none()
        && plan.is_some_and(|item| item.period.end == row.current_period_end)
        && row.cancel_at_period_end == subscription.cancel_at_period_end
        && row.cancel_at == subscription.cancel_at
}

fn is_same_payment(row: &payment::Model, session: &Session, failed: bool) -> bool {
    use payment::Status;
    if row.stripe_invoice_id.is_none() && session.invoice.is_some() {
        return false;
    }
    let paid = session.is_paid();
    match row.status {
        Status::Pending => !paid && !failed,
        Status::Failed => !paid,
        _ => true,
    }
}

/// True where the money of a checkout, whose payment is expanded in `object`, will never arrive. Stripe documentation: "The
/// Payment Intents API".
fn is_over(session: &Session, object: &Value) -> Result<bool, Unreadable> {
    use PaymentIntentStatus::{Canceled, RequiresPaymentMethod};
    let status = payment_intent_status(object)?;
    Ok(session.payment_status == PaymentStatus::Unpaid && matches!(status, Some(Canceled | RequiresPaymentMethod)))
}

/// The stored objects that are not final, in the rows after a given one. Only those of credited packs are bounded by their age,
/// as the invoices of plans are, which are listed.
async fn open(app: &App, noun: Noun, since: i64, after: i64) -> Result<Vec<OpenRow>, DbErr> {
    let db = app.database.read();
    match noun {
        Noun::Subscription => {
            let open = subscription::Column::Status.is_not_in(subscription::Status::ENDED);
            let rows = batch::<subscription::Entity>(db, open, subscription::Column::Id, after).await?;
            // By a statement of its own: a join makes PostgreSQL read all customers.
            let customers = rows.load_one(customer::Entity, db).await?;
            let row = |(row, customer): (subscription::Model, Option<customer::Model>)| {
                let user_id = customer.map_or(0, |customer| customer.user_id);
                OpenRow { row: row.id, user_id, id: row.stripe_subscription_id }
            };
            Ok(rows.into_iter().zip(customers).map(row).collect())
        }
        Noun::Session => {
            let open = payment::Column::Status.eq(payment::Status::Pending);
            let rows = batch::<payment::Entity>(db, open, payment::Column::Id, after).await?;
            let row =
                |row: payment::Model| OpenRow { row: row.id, user_id: row.user_id, id: row.stripe_checkout_session_id };
            Ok(rows.into_iter().map(row).collect())
        }
        Noun::Dispute => {
            // Money that a bank holds may come back after months.
            let open = payment_intent::Column::AmountDisputed.gt(0);
            let rows = batch::<payment_intent::Entity>(db, open, payment_intent::Column::Id, after).await?;
            let row = |row: payment_intent::Model| OpenRow {
                row: row.id,
                user_id: row.user_id,
                id: row.stripe_payment_intent_id,
            };
            Ok(rows.into_iter().map(row).collect())
        }
        Noun::Invoice => {
            // Once a credit note of a pack is voided, its invoice is listed as if there had been none.
            let since = DateTime::from_timestamp(since, 0).unwrap_or_default();
            let open =
                Condition::all().add(payment::Column::AmountCredited.gt(0)).add(payment::Column::CreatedAt.gte(since));
            let rows = batch::<payment::Entity>(db, open, payment::Column::Id, after).await?;
            let row =
                |row: payment::Model| OpenRow { row: row.id, user_id: row.user_id, id: row.reference().to_owned() };
            Ok(rows.into_iter().map(row).collect())
        }
        // Refunds are listed.
        Noun::Refund => Ok(Vec::new()),
    }
}

/// The next open rows of a table.
async fn batch<E: EntityTrait>(
    db: &impl ConnectionTrait,
    open: impl IntoCondition,
    id: E::Column,
    after: i64,
) -> Result<Vec<E::Model>, DbErr> {
    E::find().filter(open).filter(id.gt(after)).order_by_asc(id).limit(BATCH).all(db).await
}

async fn unlisted(stripe: &Stripe, noun: Noun, open: &OpenRow) -> Result<Option<Suspect>, Error> {
    let (user_id, id) = (open.user_id, open.id.clone());
    let repair = match noun {
        Noun::Session => {
            let Some(found) = stripe.listed_session(&id).await? else { return Ok(None) };
            let session = Session::from_value(&found)?;
            let failed = is_over(&session, &found)?;
            Repair::Session { session: Box::new(session), failed }
        }
        Noun::Subscription => Repair::Look(Object::Subscription(id.clone())),
        Noun::Invoice => {
            let Some(paid) = stripe.invoice_paid_by(&id).await? else { return Ok(None) };
            Repair::Look(Object::Invoice(paid.invoice))
        }
        _ => Repair::Look(Object::Payment(id.clone())),
    };
    Ok(Some(Suspect { user_id, id, repair }))
}

/// Repairs a suspect, and counts it as missing if that changed anything.
async fn repair(app: &App, suspect: Suspect, line: &mut Line) -> Result<(), Error> {
    let before = state(app, suspect.user_id).await?;
    let done = match suspect.repair {
        Repair::Look(object) => {
            let looked = look_in_background(app, &object).await;
            if let Err(Error::StripeUnavailable) = looked {
                request_look(app.database.write(), app, &object).await?;
            }
            looked
        }
        Repair::Session { session, failed } => learn(app, Fact::Session { session: *session, failed }).await,
    };
    match done {
        Ok(_) => {
            line.unreachable = 0;
            if state(app, suspect.user_id).await? != before {
                line.missing += 1;
                line.repaired += 1;
            }
            Ok(())
        }
        Err(error) => pass(line, &suspect.id, error),
    }
}

/// Counts an object as failed and goes on, unless nothing can be repaired now: Stripe or the database is away.
fn pass(line: &mut Line, id: &str, error: Error) -> Result<(), Error> {
    match error {
        Error::StripeUnavailable if line.unreachable < MAX_UNREACHABLE => line.unreachable += 1,
        Error::StripeUnavailable | Error::Unavailable(_) => return Err(error),
        _ => {}
    }
    fail(line, id, &error.to_string());
    Ok(())
}

/// The state that a repair changes: the user's versions, and their payments.
async fn state(app: &App, user_id: i64) -> Result<(Change, Vec<payment::Status>), Error> {
    let db = app.database.read();
    let payments = payment::Entity::find().filter(payment::Column::UserId.eq(user_id));
    let payments = payments.order_by_desc(payment::Column::Id).limit(BATCH).all(db).await?;
    Ok((change(db, user_id).await?, payments.into_iter().map(|payment| payment.status).collect()))
}

fn fail(line: &mut Line, id: &str, reason: &str) {
    tracing::error!(id, reason, "an object at Stripe cannot be applied");
    line.missing += 1;
    line.failed += 1;
}
