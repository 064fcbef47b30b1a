//! Every date and time that a client can see has one form: UTC with milliseconds.

use std::collections::BTreeSet;

use async_graphql::parser::{
    parse_schema,
    types::{TypeKind, TypeSystemDefinition},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::{user::Role, work::Kind};
use patch_hive::graphql::sdl;
use sandbox::Stage;
use serde_json::{Value, json};

use crate::{
    account_event::{Answer, Receiver, grants, pauses_end, registers},
    alert::plan::{days_before_the_end, looks_at_ends},
    checkout::at_stripe,
    harness::{
        Actor, TestApp,
        actor::{GOOD_CARD, purchase},
        facts,
    },
    hold::{of, reservation},
    subscription::duplicate::{newest_payment, subscribes_twice, sweeps},
    task::Given,
    top_up::{SET, comes_to, saves_card, settings, urls},
};

const VIEWER: &str = "query ($from: DateTime!, $to: DateTime!) { viewer { __typename createdAt \
    balance { __typename updatedAt unlimitedUntil } \
    subscription { __typename currentPeriodStart currentPeriodEnd cancelAt } \
    ledger { nodes { __typename createdAt periodEnd } } payments { nodes { __typename createdAt } } \
    usage(from: $from, to: $to, by: DAY) { __typename from to } } }";

const PREVIEW: &str = "{ previewPlanChange(tier: PRO) { __typename nextInvoiceAt effectiveAt \
    refusal { ... on PlanChangeUnavailable { __typename availableAt } } } }";

const NEXT_CHARGE: &str = "{ subscription { nextCharge { __typename at } } }";

const OPEN_INVOICE: &str = "{ subscription { openInvoice { __typename dueAt nextAttemptAt } } }";

const INVOICES: &str = "{ invoices { nodes { __typename createdAt period { __typename start end } } } }";

const CHECKOUT_STATE: &str = "query ($id: ID!) { checkout(id: $id) { __typename expiresAt } }";

const EVENTS: &str = "{ webhookEvents(first: 100) { nodes { __typename created receivedAt appliedAt } } }";

const OPERATORS: &str = "{ adminActions { nodes { __typename createdAt } } \
    refusedOperations { nodes { __typename createdAt } } failedTasks { nodes { __typename createdAt dueAt } } }";

const SERVICES: &str = "{ events { nodes { __typename createdAt } } eventEndpoints { __typename createdAt disabledAt } \
    eventDeliveries { nodes { __typename createdAt dueAt finishedAt } } }";

const CLOSING: &str = "mutation ($input: CloseAccountInput!) { closeAccount(input: $input) { __typename closedAt } }";

const USERS: &str = "{ users(first: 100) { nodes { __typename closedAt } } }";

const ALERTS: &str = "{ alerts { nodes { __typename createdAt endsAt } } }";

const CARD_SETUP: &str =
    "mutation ($input: StartCardSetupInput!) { startCardSetup(input: $input) { __typename expiresAt } }";

const TOP_UPS: &str = "{ autoTopUp { __typename notBefore pause { __typename since } } \
    topUps { nodes { __typename createdAt endedAt } } }";

const REPLAY: &str = "mutation ($input: ReplayWebhookEventInput!) { replayWebhookEvent(input: $input) { id } }";

const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { __typename expiresAt } }";

const CHECKOUT: &str =
    "mutation ($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { __typename id expiresAt } }";

const RESERVE: &str = "mutation ($input: ReserveExportInput!) { reserveExport(input: $input) { \
    ... on Hold { __typename id createdAt expiresAt } } }";

const RELEASE: &str =
    "mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) { ... on Hold { __typename endedAt } } }";

const CAPTURE: &str =
    "mutation ($input: CaptureHoldInput!) { captureHold(input: $input) { ... on HoldEnded { __typename endedAt } } }";

/// The fields of the schema that are dates, such as `User.createdAt`.
fn dates() -> BTreeSet<String> {
    let document = parse_schema(sdl()).unwrap();
    let objects = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some(definition.node),
        _ => None,
    });
    let fields = objects.flat_map(|object| {
        let fields = if let TypeKind::Object(kind) = object.kind { kind.fields } else { Vec::new() };
        let dates = fields.into_iter().filter(|field| field.node.ty.to_string().trim_end_matches('!') == "DateTime");
        dates.map(|field| format!("{}.{}", object.name, field.node.name)).collect::<Vec<_>>()
    });
    fields.collect()
}

/// Checks the form of each date in a response, and notes the fields.
fn check(response: &Value, dates: &BTreeSet<String>, seen: &mut BTreeSet<String>) {
    match response {
        Value::Array(items) => items.iter().for_each(|item| check(item, dates, seen)),
        Value::Object(fields) => {
            let kind = fields.get("__typename").and_then(Value::as_str).unwrap_or_default();
            for (name, value) in fields {
                let field = format!("{kind}.{name}");
                if let (true, Some(text)) = (dates.contains(&field), value.as_str()) {
                    let moment: DateTime<Utc> = text.parse().unwrap();
                    assert_eq!(text, moment.to_rfc3339_opts(SecondsFormat::Millis, true), "{field}");
                    seen.insert(field);
                }
                check(value, dates, seen);
            }
        }
        _ => {}
    }
}

/// The answers that together have every date: of a subscriber whose plan ends and who buys packs, and of one who was refunded.
async fn answers(app: &TestApp) -> Vec<Value> {
    let (ada, eve) = (app.signs_up("ada").await, app.signs_up("eve").await);
    let admin = app.signs_up_as("admin", Role::Admin).await;
    eve.subscribes("CORE").await;
    let preview = eve.asks(PREVIEW).await;
    let payment = at_stripe(app, "/v1/payment_intents?limit=1").await["data"][0]["id"].clone();
    app.sandbox().refund(payment.as_str().unwrap(), None).unwrap();
    app.settles().await;
    ada.subscribes("STUDIO").await;
    let next_charge = ada.asks(NEXT_CHARGE).await;
    ada.buys(25).await;
    ada.cancels().await;
    app.settles().await;
    let now = app.inside().await.clock.now();
    let range = json!({ "from": (now - TimeDelta::days(1)).to_rfc3339(), "to": now.to_rfc3339() });
    let log_in = json!({ "input": { "email": "ada@patchhive.example", "password": "ada's password" } });
    let checkout = ada.asks_with(CHECKOUT, purchase(25)).await;
    let hold = ada.asks_with(RESERVE, reservation("run", "key")).await;
    let ended = of(&hold["data"]["reserveExport"]);
    let id = json!({ "id": checkout["data"]["purchaseCredits"]["id"] });
    vec![
        preview,
        next_charge,
        ada.asks_with(CHECKOUT_STATE, id).await,
        checkout,
        ada.asks(INVOICES).await,
        eve.asks(PREVIEW).await,
        hold,
        ada.asks_with(RELEASE, ended.clone()).await,
        ada.asks_with(CAPTURE, ended).await,
        ada.asks_with(VIEWER, range).await,
        admin.asks(EVENTS).await,
        app.visitor().asks_with(LOG_IN, log_in).await,
        ada.asks("mutation { logOut { __typename revokedAt } }").await,
        owing(app).await,
        closing(app).await,
        admin.asks(USERS).await,
        for_operators(app, &admin).await,
        for_services(app, &admin).await,
        alerted(app).await,
        topped_up(app).await,
    ]
}

/// A page that saves a card, and top-ups that wait for the next month, and are paused.
async fn topped_up(app: &TestApp) -> Value {
    let jo = app.signs_up("jo").await;
    let setup = jo.asks_with(CARD_SETUP, urls()).await;
    saves_card(app, &jo, GOOD_CARD).await;
    jo.gets(SET, settings(30, 25, 500)).await;
    comes_to(app, &jo, 1, "PAID").await;
    let mut waiting = jo.asks(TOP_UPS).await;
    while waiting["data"]["autoTopUp"]["notBefore"].is_null() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        app.works_off(Kind::TopUp).await;
        waiting = jo.asks(TOP_UPS).await;
    }
    app.sandbox().refund(&newest_payment(app).await, None).unwrap();
    app.settles().await;
    json!([setup, waiting, jo.asks(TOP_UPS).await])
}

/// The alerts of a user whose plan ends soon.
async fn alerted(app: &TestApp) -> Value {
    let ivy = app.signs_up("ivy").await;
    ivy.subscribes("CORE").await;
    ivy.cancels().await;
    app.settles().await;
    days_before_the_end(app, &ivy, 2).await;
    looks_at_ends(app).await;
    ivy.asks(ALERTS).await
}

async fn closing(app: &TestApp) -> Value {
    let password = json!({ "input": { "currentPassword": "gus's password" } });
    app.signs_up("gus").await.asks_with(CLOSING, password).await
}

/// A recorded action, a task that fails, and a refund that Stripe has refused.
async fn for_operators(app: &TestApp, admin: &Actor) -> Value {
    subscribes_twice(app, &app.signs_up("fay").await).await;
    app.sandbox().dispute(&newest_payment(app).await, Stage::Chargeback, None).unwrap();
    app.settles().await;
    sweeps(app).await;
    let event = admin.asks("{ webhookEvents(first: 1) { nodes { id } } }").await;
    let event = &event["data"]["webhookEvents"]["nodes"][0]["id"];
    admin.asks_with(REPLAY, json!({ "input": { "id": event } })).await;
    let (created, due) = (TimeDelta::hours(-2), TimeDelta::hours(1));
    Given { key: "odd", error: Some("refused"), created, due, leased: None }.insert(app).await;
    admin.asks(OPERATORS).await
}

/// An event that was given up, one that waits, and the endpoint, which wants no more.
async fn for_services(app: &TestApp, admin: &Actor) -> Value {
    let (hal, receiver) = (app.signs_up("hal").await, Receiver::start().await);
    receiver.answers(Answer::Status(500));
    registers(admin, &receiver, &["BALANCE_CHANGED"]).await;
    grants(admin, &hal, 1, "one").await;
    grants(admin, &hal, 1, "two").await;
    let is_full = async || {
        let events = admin.asks("{ eventDeliveries { nodes { id } } }").await;
        events["data"]["eventDeliveries"]["nodes"].as_array().unwrap().len() == 2
    };
    while !is_full().await {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    receiver.is_tried(1).await;
    receiver.answers(Answer::Status(410));
    pauses_end(app).await;
    admin.asks(SERVICES).await
}

/// The unpaid invoice of a user whose plan could not be renewed.
async fn owing(app: &TestApp) -> Value {
    let bob = app.signs_up("bob").await;
    bob.subscribes("CORE").await;
    let id = at_stripe(app, "/v1/subscriptions?limit=1").await["data"][0]["id"].clone();
    let id = id.as_str().unwrap();
    app.sandbox().fail_next_payments(id, 20).unwrap();
    app.sandbox().renew(id).await.unwrap();
    app.settles().await;
    bob.asks(OPEN_INVOICE).await
}

async fn pushed(user: &Actor) -> Value {
    let mut socket = user.connects().await;
    let document = "subscription { balanceChanged { balance { __typename updatedAt } } }";
    socket.subscribes("balance", document, json!({})).await;
    socket.next().await
}

facts! {
    async fn every_date_of_the_schema_is_in_utc_with_milliseconds(app: TestApp) {
        let (dates, mut seen) = (dates(), BTreeSet::new());
        for answer in answers(&app).await {
            assert!(answer.get("errors").is_none(), "{answer}");
            check(&answer, &dates, &mut seen);
        }
        let missing: Vec<_> = dates.difference(&seen).collect();
        assert!(missing.is_empty(), "dates that no answer of this test has: {missing:?}");
    }

    async fn a_pushed_date_has_the_same_form(app: TestApp) {
        let (dates, mut seen) = (dates(), BTreeSet::new());
        check(&pushed(&app.signs_up("ada").await).await, &dates, &mut seen);
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["Balance.updatedAt"]);
    }
}
