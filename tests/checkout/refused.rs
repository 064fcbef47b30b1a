//! Each final refusal by Stripe has an answer that says what to do.

use std::{
    io::{Read, Seek},
    sync::Arc,
    time::Duration,
};

use entity::operation::{self, Kind, State};
use patch_hive::billing;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;

use super::{
    CUSTOMERS, SESSIONS, at_stripe, count, customer_of, lost::ages, opened_elsewhere, posts_to_stripe, writes,
};
use crate::harness::{
    Actor, TestApp,
    actor::{CHECKOUT, GOOD_CARD, PLAN_CHANGE, PORTAL, PURCHASE, checkout, plan_change, portal, purchase},
    facts,
};

/// Moves the customer of a checkout to another Stripe account.
async fn loses_customer(app: &TestApp, checkout: &Value) -> String {
    let customer = customer_of(app, checkout).await;
    app.sandbox().disown(&customer).unwrap();
    customer
}

/// The warnings and errors that some work logs.
async fn logged(work: impl Future<Output = ()>) -> String {
    let log = Arc::new(tempfile::tempfile().unwrap());
    let level = tracing::Level::WARN;
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(log.clone()).finish();
    work.with_subscriber(subscriber).await;
    let (mut log, mut text) = (log.as_ref(), String::new());
    log.rewind().unwrap();
    log.read_to_string(&mut text).unwrap();
    text
}

/// Signs up with an address that no mail server has.
async fn signs_up_with(app: &TestApp, email: &str) -> Actor {
    let document = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
    let input = json!({ "input": { "email": email, "username": "ada", "password": "difference engine" } });
    app.bearer(app.visitor().gets(document, input).await["token"].as_str().unwrap())
}

async fn message(user: &Actor, document: &str, variables: Value) -> String {
    let answer = user.asks_with(document, variables).await;
    answer["errors"][0]["message"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

facts! {
    async fn a_customer_of_another_account_who_never_paid_is_replaced(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let first = loses_customer(&app, &ada.opens_checkout("CORE").await).await;
        let plan = ada.opens_checkout("PRO").await;
        let second = loses_customer(&app, &plan).await;
        let pack = ada.opens_purchase(25).await;
        let third = customer_of(&app, &pack).await;
        assert!(first != second && second != third, "{first} {second} {third}");
        ada.pays(&pack, GOOD_CARD).await;
        app.settles().await;
        assert_eq!(ada.credits().await, 25);
        app.sandbox().disown(&third).unwrap();
        assert!(ada.gets(PORTAL, portal("https://patchhive.example/")).await["url"].is_string());
        assert_eq!(count(&app, CUSTOMERS).await, 1);
    }

    async fn a_subscriber_of_another_account_is_referred_to_support(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let checkout_of_core = ada.opens_checkout("CORE").await;
        ada.pays(&checkout_of_core, GOOD_CARD).await;
        app.settles().await;
        loses_customer(&app, &checkout_of_core).await;
        let made = writes(&app).get("POST /v1/customers").copied();
        for (document, variables) in [
            (PURCHASE, purchase(25)),
            (PORTAL, portal("https://patchhive.example/")),
            (PLAN_CHANGE, plan_change("PRO")),
        ] {
            assert_eq!(ada.is_refused(document, variables.clone()).await, "STRIPE_MISCONFIGURED", "{document}");
            assert!(message(&ada, document, variables).await.ends_with("Contact support."));
        }
        assert_eq!(writes(&app).get("POST /v1/customers").copied(), made, "the subscription would be lost");
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
    }

    async fn a_key_of_another_account_is_an_error_in_the_log_at_the_start(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let plan = ada.opens_checkout("CORE").await;
        ada.pays(&plan, GOOD_CARD).await;
        app.settles().await;
        let inside = app.inside().await;
        assert_eq!(logged(billing::customer::warn_of_other_account(&inside)).await, "");
        loses_customer(&app, &plan).await;
        let log = logged(billing::customer::warn_of_other_account(&inside)).await;
        assert!(log.contains("ERROR") && log.contains("STRIPE_SECRET_KEY belongs to another account"), "{log}");
    }

    async fn an_email_address_that_stripe_refuses_is_left_out(app: TestApp) {
        let ada = signs_up_with(&app, "ada@localhost").await;
        let customer = customer_of(&app, &ada.opens_checkout("CORE").await).await;
        let customer = at_stripe(&app, &format!("{CUSTOMERS}/{customer}")).await;
        assert_eq!((&customer["email"], &customer["name"]), (&Value::Null, &json!("ada")));
        assert_eq!(count(&app, CUSTOMERS).await, 1);
    }

    async fn a_customer_of_another_currency_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let pack = ada.opens_purchase(25).await;
        let customer = customer_of(&app, &pack).await;
        let form = [("product", "prod_core"), ("currency", "eur"), ("unit_amount", "499"), ("recurring[interval]", "month")];
        let euro = posts_to_stripe(&app, "/v1/prices", &form).await["id"].as_str().unwrap().to_owned();
        let elsewhere = opened_elsewhere(&app, &customer, &euro).await;
        // A subscription from the dashboard, of which the gateway received no event.
        app.sandbox().set_webhook_urls(Vec::new());
        ada.pays(&elsewhere, GOOD_CARD).await;
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_REFUSED");
        assert!(message(&ada, CHECKOUT, checkout("CORE")).await.contains("another currency"));
        let refused = operation::Entity::find().filter(operation::Column::State.eq(State::Refused));
        let refused = refused.filter(operation::Column::Kind.eq(Kind::Checkout));
        assert_eq!(refused.count(app.inside().await.database.read()).await.unwrap(), 2);
    }

    async fn a_user_opens_a_hundred_checkouts_a_day_at_most(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.opens_purchase(25).await;
        let inside = app.inside().await;
        let first = operation::Entity::find().filter(operation::Column::Kind.eq(Kind::Purchase));
        let first = first.one(inside.database.read()).await.unwrap().unwrap();
        for number in 1..100 {
            let kind = if number % 2 == 0 { Kind::Checkout } else { Kind::Purchase };
            let again = operation::ActiveModel {
                id: sea_orm::ActiveValue::NotSet,
                kind: Set(kind),
                idempotency_key: Set(format!("key-{number}")),
                created_at: Set(first.created_at + Duration::from_secs(number)),
                ..first.clone().into()
            };
            again.insert(inside.database.write()).await.unwrap();
        }
        for (document, variables) in [(PURCHASE, purchase(25)), (CHECKOUT, checkout("PRO"))] {
            let answer = ada.asks_with(document, variables).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "RATE_LIMITED", "{answer}");
            assert!(error["message"].as_str().unwrap().contains("too many checkouts"), "{answer}");
            let wait = error["extensions"]["retryAfter"].as_u64().unwrap();
            assert!((23 * 3600..=24 * 3600 + 100).contains(&wait), "{wait}");
        }
        assert_eq!(count(&app, SESSIONS).await, 1);
        ages(&app, chrono::TimeDelta::hours(25)).await;
        assert!(ada.opens_purchase(25).await["url"].is_string());
    }
}
