//! The users whom tasks of the queue are about, as far as the subjects name one.

use std::collections::HashMap;

use entity::{
    credit_hold, customer, former_customer, invoice, operation, payment, payment_intent, subscription, work::Kind,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select, sea_query::Expr,
};

/// The kind and the subject of a task.
pub type Subject = (Kind, String);

/// The users whom tasks are about, by kind and subject. Tasks without a user are left out, and tasks about objects at Stripe
/// that are not stored.
///
/// # Errors
/// The database's.
pub async fn by_subjects(db: &impl ConnectionTrait, subjects: &[Subject]) -> Result<HashMap<Subject, i64>, DbErr> {
    let operations = users_by_row(
        db,
        operation::Entity::find().filter(operation::Column::Id.is_in(rows(subjects, Kind::Operation))),
        operation::Column::Id,
        operation::Column::UserId,
    );
    let holds = users_by_row(
        db,
        credit_hold::Entity::find().filter(credit_hold::Column::Id.is_in(rows(subjects, Kind::Hold))),
        credit_hold::Column::Id,
        credit_hold::Column::UserId,
    );
    let ending = users_by_row(
        db,
        subscription::Entity::find()
            .inner_join(customer::Entity)
            .filter(subscription::Column::Id.is_in(rows(subjects, Kind::Alert))),
        subscription::Column::Id,
        customer::Column::UserId,
    );
    let (operations, holds, ending) = (operations.await?, holds.await?, ending.await?);
    let objects = owners(db, subjects).await?;
    let owner = |(kind, key): &Subject| match kind {
        Kind::Duplicate | Kind::Unlimited | Kind::Customer | Kind::TopUp => key.parse().ok(),
        Kind::Operation => operations.get(&key.parse::<i64>().ok()?).copied(),
        Kind::Hold => holds.get(&key.parse::<i64>().ok()?).copied(),
        Kind::Alert => ending.get(&key.parse::<i64>().ok()?).copied(),
        Kind::Look | Kind::OpenInvoice => objects.get(object(*kind, key)?).copied(),
        Kind::Event | Kind::Mail | Kind::Relay | Kind::Delivery | Kind::Reconcile | Kind::Prune => None,
    };
    Ok(subjects.iter().filter_map(|subject| Some((subject.clone(), owner(subject)?))).collect())
}

/// The condition that a task is about a user: the same tasks as by [`by_subjects`].
pub(super) fn is_about(user_id: i64) -> Condition {
    let user = format!("WHERE user_id = {user_id}");
    let looks = [
        format!(
            "SELECT 'subscription:' || stripe_subscription_id FROM stripe_subscriptions WHERE customer_id IN \
             (SELECT id FROM stripe_customers {user})"
        ),
        format!("SELECT 'payment:' || stripe_payment_intent_id FROM stripe_payment_intents {user}"),
        format!("SELECT 'invoice:' || stripe_invoice_id FROM stripe_invoices {user}"),
        format!("SELECT 'invoice:' || stripe_invoice_id FROM stripe_payments {user} AND stripe_invoice_id IS NOT NULL"),
        format!("SELECT 'customer:' || stripe_customer_id FROM stripe_customers {user}"),
        format!("SELECT 'customer:' || stripe_customer_id FROM stripe_former_customers {user}"),
    ];
    let subjects = [
        ("'duplicate', 'unlimited', 'customer', 'top_up'", format!("'{user_id}'")),
        ("'operation'", format!("SELECT CAST(id AS TEXT) FROM stripe_operations {user}")),
        ("'hold'", format!("SELECT CAST(id AS TEXT) FROM credit_holds {user}")),
        (
            "'alert'",
            format!(
                "SELECT CAST(id AS TEXT) FROM stripe_subscriptions WHERE customer_id IN \
                 (SELECT id FROM stripe_customers {user})"
            ),
        ),
        ("'look'", looks.join(" UNION ALL ")),
        (
            "'open_invoice'",
            format!(
                "SELECT stripe_subscription_id FROM stripe_subscriptions WHERE customer_id IN (SELECT id FROM \
                 stripe_customers {user})"
            ),
        ),
    ];
    subjects.into_iter().fold(Condition::any(), |any, (kinds, keys)| {
        any.add(Expr::cust(format!("(kind IN ({kinds}) AND key IN ({keys}))")))
    })
}

/// The rows that the tasks of a kind name.
fn rows(subjects: &[Subject], kind: Kind) -> Vec<i64> {
    subjects.iter().filter(|(of, _)| *of == kind).filter_map(|(_, key)| key.parse().ok()).collect()
}

/// The id of the object at Stripe that a task reads, or whose invoices it voids.
fn object(kind: Kind, key: &str) -> Option<&str> {
    match kind {
        Kind::Look => key.split_once(':').map(|(_, id)| id),
        Kind::OpenInvoice => Some(key),
        _ => None,
    }
}

/// The owners of the objects at Stripe that tasks are about, by id.
async fn owners(db: &impl ConnectionTrait, subjects: &[Subject]) -> Result<HashMap<String, i64>, DbErr> {
    let ids: Vec<&str> = subjects.iter().filter_map(|(kind, key)| object(*kind, key)).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = || ids.iter().copied();
    let stripe_id = subscription::Column::StripeSubscriptionId;
    let subscriptions = subscription::Entity::find().inner_join(customer::Entity).filter(stripe_id.is_in(ids()));
    let mut owners = users_by_id(db, subscriptions, stripe_id, customer::Column::UserId).await?;
    let stripe_id = payment_intent::Column::StripePaymentIntentId;
    let intents = payment_intent::Entity::find().filter(stripe_id.is_in(ids()));
    owners.extend(users_by_id(db, intents, stripe_id, payment_intent::Column::UserId).await?);
    let stripe_id = invoice::Column::StripeInvoiceId;
    let invoices = invoice::Entity::find().filter(stripe_id.is_in(ids()));
    owners.extend(users_by_id(db, invoices, stripe_id, invoice::Column::UserId).await?);
    let stripe_id = payment::Column::StripeInvoiceId;
    let packs = payment::Entity::find().filter(stripe_id.is_in(ids()));
    owners.extend(users_by_id(db, packs, stripe_id, payment::Column::UserId).await?);
    let stripe_id = customer::Column::StripeCustomerId;
    let customers = customer::Entity::find().filter(stripe_id.is_in(ids()));
    owners.extend(users_by_id(db, customers, stripe_id, customer::Column::UserId).await?);
    let stripe_id = former_customer::Column::StripeCustomerId;
    let former = former_customer::Entity::find().filter(stripe_id.is_in(ids()));
    owners.extend(users_by_id(db, former, stripe_id, former_customer::Column::UserId).await?);
    Ok(owners)
}

async fn users_by_row<E: EntityTrait>(
    db: &impl ConnectionTrait,
    found: Select<E>,
    row: impl ColumnTrait,
    user: impl ColumnTrait,
) -> Result<HashMap<i64, i64>, DbErr> {
    let pairs: Vec<(i64, i64)> = found.select_only().column(row).column(user).into_tuple().all(db).await?;
    Ok(pairs.into_iter().collect())
}

async fn users_by_id<E: EntityTrait>(
    db: &impl ConnectionTrait,
    found: Select<E>,
    id: impl ColumnTrait,
    user: impl ColumnTrait,
) -> Result<HashMap<String, i64>, DbErr> {
    let pairs: Vec<(String, i64)> = found.select_only().column(id).column(user).into_tuple().all(db).await?;
    Ok(pairs.into_iter().collect())
}
