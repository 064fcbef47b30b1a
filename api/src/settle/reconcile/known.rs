//! What is here already: asked once for a page, so that whatever needs nothing costs next to nothing.

use std::collections::{HashMap, HashSet};

use entity::{customer, dispute, former_customer, invoice, payment, payment_intent, refund, subscription};
use sea_orm::{
    ActiveEnum, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::Fact;
use crate::{
    app::App,
    settle::{Said, dispute::holds},
    stripe::{Noun, PaymentStatus, RefundStatus, Subscription},
};

/// How many open things are looked up by themselves in a run.
const OPEN: u64 = 1000;

/// Statuses in which a dispute changes no more.
const CLOSED: [&str; 3] = ["won", "lost", "warning_closed"];

/// Statuses in which a subscription changes no more, and which are final whenever they are told.
const ENDED: [&str; 2] = ["canceled", "incomplete_expired"];

/// Which of these customers are ours, or were.
pub(super) async fn ours(app: &App, customers: Vec<String>) -> Result<HashSet<String>, DbErr> {
    let db = app.database.read();
    let customers: Vec<_> = customers.into_iter().filter(|customer| !customer.contains('\0')).collect();
    let id = customer::Column::StripeCustomerId;
    let present = customer::Entity::find().select_only().column(id).filter(id.is_in(&customers));
    let mut ours: HashSet<_> = present.into_tuple::<String>().all(db).await?.into_iter().collect();
    let id = former_customer::Column::StripeCustomerId;
    let former = former_customer::Entity::find().select_only().column(id).filter(id.is_in(&customers));
    ours.extend(former.into_tuple::<String>().all(db).await?);
    Ok(ours)
}

/// Which of these payments are ours.
pub(super) async fn payments(app: &App, intents: Vec<String>) -> Result<HashSet<String>, DbErr> {
    let id = payment_intent::Column::StripePaymentIntentId;
    let rows = payment_intent::Entity::find().select_only().column(id).filter(id.is_in(intents));
    Ok(rows.into_tuple::<String>().all(app.database.read()).await?.into_iter().collect())
}

/// What is not final here, the oldest first.
pub(super) async fn open(app: &App, noun: Noun) -> Result<Vec<String>, DbErr> {
    use subscription::Status;
    let db = app.database.read();
    match noun {
        Noun::Subscription => {
            let id = subscription::Column::StripeSubscriptionId;
            let ended = [Status::Canceled, Status::IncompleteExpired];
            let rows = subscription::Entity::find().select_only().column(id);
            let rows = rows.filter(subscription::Column::Status.is_not_in(ended));
            rows.order_by_asc(subscription::Column::UpdatedAt).limit(OPEN).into_tuple().all(db).await
        }
        Noun::Session => {
            let rows = payment::Entity::find().select_only().column(payment::Column::StripeCheckoutSessionId);
            let rows = rows.filter(payment::Column::Status.eq(payment::Status::Pending));
            rows.order_by_asc(payment::Column::Id).limit(OPEN).into_tuple().all(db).await
        }
        // An invoice is here only once it is paid, which it stays.
        Noun::Invoice => Ok(Vec::new()),
        Noun::Refund => {
            let rows = refund::Entity::find().select_only().column(refund::Column::StripeRefundId);
            let rows = rows.filter(refund::Column::State.eq(refund::State::Pending));
            rows.order_by_asc(refund::Column::Id).limit(OPEN).into_tuple().all(db).await
        }
        Noun::Dispute => {
            let rows = dispute::Entity::find().select_only().column(dispute::Column::StripeDisputeId);
            let rows = rows.filter(dispute::Column::Status.is_not_in(CLOSED));
            rows.order_by_asc(dispute::Column::Id).limit(OPEN).into_tuple().all(db).await
        }
    }
}

/// Those facts that are not here as they are told. All are of one noun.
pub(super) async fn missing(app: &App, told: Vec<Fact>) -> Result<Vec<Fact>, DbErr> {
    let (db, ids) = (app.database.read(), told.iter().map(name).collect::<Vec<_>>());
    let here: HashSet<String> = match told.first() {
        Some(Fact::Subscription { .. }) => {
            let rows = by_id::<subscription::Entity>(db, subscription::Column::StripeSubscriptionId, &ids).await?;
            here(&told, &rows, |row| &row.stripe_subscription_id, same_subscription)
        }
        Some(Fact::Session { .. }) => {
            let rows = by_id::<payment::Entity>(db, payment::Column::StripeCheckoutSessionId, &ids).await?;
            here(&told, &rows, |row| &row.stripe_checkout_session_id, same_payment)
        }
        Some(Fact::Invoice(_)) => {
            let rows = by_id::<invoice::Entity>(db, invoice::Column::StripeInvoiceId, &ids).await?;
            let intents = told.iter().filter_map(|fact| match fact {
                Fact::Invoice(invoice) => invoice.payment_intent.clone(),
                _ => None,
            });
            let linked = payments(app, intents.collect()).await?;
            here(
                &told,
                &rows,
                |row| &row.stripe_invoice_id,
                |fact, _| match fact {
                    Fact::Invoice(invoice) => invoice.payment_intent.as_ref().is_none_or(|id| linked.contains(id)),
                    _ => false,
                },
            )
        }
        Some(Fact::Refund(_)) => {
            let rows = by_id::<refund::Entity>(db, refund::Column::StripeRefundId, &ids).await?;
            here(&told, &rows, |row| &row.stripe_refund_id, same_refund)
        }
        Some(Fact::Dispute { .. }) => {
            let rows = by_id::<dispute::Entity>(db, dispute::Column::StripeDisputeId, &ids).await?;
            here(&told, &rows, |row| &row.stripe_dispute_id, same_dispute)
        }
        _ => HashSet::new(),
    };
    Ok(told.into_iter().filter(|fact| !here.contains(&name(fact))).collect())
}

/// Stripe's id of what a fact is about.
pub(super) fn name(fact: &Fact) -> String {
    match fact {
        Fact::Subscription { subscription, .. } => subscription.id.clone(),
        Fact::Session { session, .. } => session.id.clone(),
        Fact::Invoice(invoice) => invoice.id.clone().unwrap_or_default(),
        Fact::Refund(refund) => refund.id.clone(),
        Fact::Dispute { dispute, .. } => dispute.id.clone(),
        _ => String::new(),
    }
}

async fn by_id<E: EntityTrait>(
    db: &DatabaseConnection,
    column: E::Column,
    ids: &[String],
) -> Result<Vec<E::Model>, DbErr> {
    E::find().filter(column.is_in(ids)).all(db).await
}

/// The names of those facts of which there is a row that says the same.
fn here<Row: ModelTrait>(
    told: &[Fact],
    rows: &[Row],
    id: impl Fn(&Row) -> &String,
    same: impl Fn(&Fact, &Row) -> bool,
) -> HashSet<String> {
    let rows: HashMap<&String, &Row> = rows.iter().map(|row| (id(row), row)).collect();
    let names = told.iter().map(|fact| (name(fact), fact));
    names.filter(|(name, fact)| rows.get(name).is_some_and(|row| same(fact, row))).map(|(name, _)| name).collect()
}

fn same_subscription(fact: &Fact, row: &subscription::Model) -> bool {
    let Fact::Subscription { subscription, said: Said::Reply { at } } = fact else { return false };
    if row.observed_at.max(row.asked_at) > *at && !ENDED.contains(&subscription.status.as_str()) {
        // What is here is later than the answer, which proves nothing against it.
        return true;
    }
    let Subscription { status, prices, cancel_at_period_end, cancel_at, .. } = subscription;
    let plan = prices.iter().position(|price| *price == row.stripe_price_id);
    let ended = row.status.ended();
    row.status.to_value() == *status
        // What has ended is kept as it was first told.
        && (ended
            || plan.is_some_and(|position| subscription.period_of(position).1 == row.current_period_end)
                && row.cancel_at_period_end == *cancel_at_period_end
                && row.cancel_at == *cancel_at)
}

fn same_payment(fact: &Fact, row: &payment::Model) -> bool {
    use payment::Status;
    let Fact::Session { session, failed } = fact else { return false };
    match (&session.payment_status, failed) {
        (PaymentStatus::Paid | PaymentStatus::NoPaymentRequired, _) => {
            !matches!(row.status, Status::Pending | Status::Failed)
        }
        (_, true) => row.status != Status::Pending,
        (_, false) => true,
    }
}

fn same_refund(fact: &Fact, row: &refund::Model) -> bool {
    let Fact::Refund(refund) = fact else { return false };
    let state = match refund.status {
        RefundStatus::Pending => refund::State::Pending,
        RefundStatus::Succeeded => refund::State::Succeeded,
        RefundStatus::Failed => refund::State::Failed,
    };
    row.state >= state
}

fn same_dispute(fact: &Fact, row: &dispute::Model) -> bool {
    let Fact::Dispute { dispute, at, .. } = fact else { return false };
    // Where what is here is later than the answer, that proves nothing against it.
    let stands = row.observed_at > *at || row.status == dispute.status && row.amount == dispute.amount;
    stands && (row.moved_at > *at || holds(dispute, None).is_none_or(|holds| holds == row.holds))
}
