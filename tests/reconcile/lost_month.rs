//! A user whose webhooks are lost for months ends like one whose webhooks arrive.

use std::time::Duration;

use entity::{payment_intent, period, subscription};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::Value;

use super::{Outcome, Stage, at_stripe, buys, loses_webhooks, payments, reconciles};
use crate::{
    checkout::posts_to_stripe,
    harness::{Actor, Backend, TestApp, actor::GOOD_CARD, app::run_with},
};

/// A bank account, whose money comes later.
const BANK_ACCOUNT: &str = "000123456789";

const DAY: Duration = Duration::from_hours(24);

/// Buys a pack by a method that pays later, and lets the money come or not.
async fn buys_later(app: &TestApp, user: &Actor, credits: i64, arrives: bool) {
    let checkout = user.opens_purchase(credits).await;
    user.pays(&checkout, BANK_ACCOUNT).await;
    app.settles().await;
    app.sandbox().settle_delayed(checkout["id"].as_str().unwrap(), arrives).unwrap();
    app.settles().await;
}

async fn lives(app: &TestApp, user: &Actor) {
    let stripe = app.sandbox();
    let checkout = user.opens_checkout("PRO").await;
    user.pays(&checkout, GOOD_CARD).await;
    app.settles().await;
    let subscription = stripe.object(checkout["id"].as_str().unwrap()).unwrap()["subscription"].clone();
    let subscription = subscription.as_str().unwrap();
    let packs = [buys(app, user, 100).await, buys(app, user, 50).await, buys(app, user, 40).await];
    buys_later(app, user, 30, true).await;
    buys_later(app, user, 60, false).await;
    stripe.refund(&packs[0], Some(500)).unwrap();
    let lost = stripe.dispute(&packs[1], Stage::Chargeback, None).unwrap();
    let won = stripe.dispute(&packs[2], Stage::Chargeback, None).unwrap();
    app.settles().await;

    stripe.renew(subscription).await.unwrap();
    stripe.fail_next_payments(subscription, 1).unwrap();
    stripe.proceed_dispute(lost["id"].as_str().unwrap(), Outcome::Lost).unwrap();
    stripe.proceed_dispute(won["id"].as_str().unwrap(), Outcome::Won).unwrap();
    // The renewal fails, and the retry three days later succeeds.
    stripe.renew(subscription).await.unwrap();
    stripe.advance(4 * DAY).await;
    app.settles().await;
    let failing = buys(app, user, 25).await;
    let refund = stripe.refund(&failing, None).unwrap();
    stripe.settle_refund(refund["id"].as_str().unwrap(), false).unwrap();

    let path = format!("/v1/subscriptions/{subscription}");
    posts_to_stripe(app, &path, &[("cancel_at_period_end", "true")]).await;
    stripe.renew(subscription).await.unwrap();
    app.settles().await;
}

/// The final state of a user, without versions and times.
#[derive(Debug, PartialEq)]
struct Life {
    credits: i64,
    tier: String,
    payments: Vec<Value>,
    subscriptions: Vec<(entity::Tier, subscription::Status, bool)>,
    periods: Vec<(entity::Tier, i64)>,
    returned: Vec<(i64, i64)>,
}

async fn life(app: &TestApp, user: &Actor) -> Life {
    let inside = app.inside().await;
    let db = inside.database.read();
    let subscriptions = subscription::Entity::find().all(db).await.unwrap();
    let periods = period::Entity::find().order_by_asc(period::Column::PeriodEnd).all(db).await.unwrap();
    let intents = payment_intent::Entity::find().all(db).await.unwrap();
    let mut returned: Vec<_> = intents.into_iter().map(|row| (row.amount_refunded, row.amount_disputed)).collect();
    returned.sort_unstable();
    let mut payments = payments(user).await;
    payments.sort_by_key(ToString::to_string);
    Life {
        credits: user.credits().await,
        tier: user.tier().await,
        payments,
        subscriptions: subscriptions.into_iter().map(|row| (row.tier, row.status, row.cancel_at_period_end)).collect(),
        periods: periods.into_iter().map(|row| (row.tier, row.credits_granted)).collect(),
        returned,
    }
}

async fn after_months_of_silence(backend: Backend) {
    run_with(
        backend,
        |_| {},
        async |lossy| {
            run_with(
                backend,
                |_| {},
                async |sound| {
                    let (ada, twin) = (lossy.signs_up("ada").await, sound.signs_up("ada").await);
                    loses_webhooks(&lossy);
                    lives(&lossy, &ada).await;
                    lives(&sound, &twin).await;
                    assert_eq!((ada.credits().await, payments(&ada).await), (0, Vec::new()), "no event arrived");
                    let events = at_stripe(&lossy, "/v1/events?type=invoice.paid&limit=100").await;
                    assert_eq!(events["data"].as_array().unwrap().len(), 2, "Stripe has forgotten the others");

                    let report = reconciles(&lossy, 120).await;
                    assert!(report.whole() && report.repaired() > 0, "{report}");
                    assert_eq!(life(&lossy, &ada).await, life(&sound, &twin).await);
                    let again = reconciles(&lossy, 120).await;
                    assert!(again.clean(), "{again}");
                    let of_the_sound = reconciles(&sound, 120).await;
                    assert!(of_the_sound.clean(), "{of_the_sound}");
                },
            )
            .await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_months_of_lost_webhooks_the_tables_are_right_again_on_sqlite() {
    after_months_of_silence(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_months_of_lost_webhooks_the_tables_are_right_again_on_postgres() {
    after_months_of_silence(Backend::Postgres).await;
}
