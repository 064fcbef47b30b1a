//! A story that makes the gateway issue every kind of statement: each query and mutation, each job, and webhooks of each
//! kind.

mod low_credits;

use std::time::Duration;

use chrono::TimeDelta;
use entity::{user::Role, work::Kind};
use patch_hive::{accounts, sync};
use sandbox::{DeliveryEffect, DeliveryFault, Outcome, Stage};
use serde_json::{Value, json};

use self::low_credits::{is_alerted, tops_up};
use crate::{
    account::mail::{MailServer, REQUEST_RESET, RESET, VERIFY},
    account_event,
    checkout::{at_stripe, credits_invoice, customer_of, opened_elsewhere},
    harness::{
        Actor, TestApp,
        actor::{CHECKOUT, GOOD_CARD, PORTAL, checkout, portal},
    },
    hold::{CAPTURE, EXTEND, RELEASE, RESERVE, expires, of, reservation},
    webhook::{
        accepts,
        payloads::{CORE, Money, Pack, Plan, retold},
    },
};

/// A bank account, whose money arrives days later.
const BANK_ACCOUNT: &str = "000123456789";

/// An unlimited user with many entries.
const HEAVY_USER: &str = "filled10@patchhive.example";

const LEDGER: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $type: ChangeType) { \
    ledger(first: $first, after: $after, last: $last, before: $before, changeType: $type) { \
    nodes { id changeType kind creditsDelta runId tier periodEnd payment { status } actorId } pageInfo { endCursor startCursor } } }";
const CHECKOUT_STATE: &str = "query ($id: ID!) { checkout(id: $id) { status } }";
const PAYMENTS: &str = "query ($after: String) { payments(first: 1, after: $after) { nodes { id status } \
    pageInfo { endCursor } } }";
const USERS: &str = "query ($after: String, $search: String) { users(first: 50, after: $after, search: $search) { \
    nodes { id role stripeCustomerId balance { credits } tier subscription { status } } pageInfo { endCursor } } }";
const EVENTS: &str = "query ($after: String, $status: WebhookEventStatus, $type: String) { webhookEvents(first: 50, \
    after: $after, status: $status, type: $type) { nodes { id status } pageInfo { endCursor } } }";

const ACTIONS: &str = "{ nodes { id actor { email } user { email } entry { kind } } pageInfo { endCursor } }";
const OPERATIONS: &str = "{ nodes { id remedy user { email } } pageInfo { endCursor } }";
const TASKS: &str = "{ nodes { id error } pageInfo { endCursor } }";

pub(super) async fn plays(app: &TestApp, mail: MailServer) {
    let admin = app.signs_up_as("admin", Role::Admin).await;
    let endpoint = receives_events(&admin).await;
    signs_in_and_out(app, mail).await;
    let ada = subscribes(app).await;
    changes_plans(app, &ada).await;
    money_goes_back(app).await;
    is_alerted(app, &ada, &admin).await;
    tops_up(app, &admin).await;
    lists(app, &admin).await;
    oversees(&admin).await;
    adjusts(app, &admin).await;
    webhooks_arrive(app, &admin).await;
    loses_its_customer(app).await;
    lists_events(app, &admin, &endpoint).await;
    catches_up(app).await;
    for path in ["/readyz", "/healthz"] {
        assert_eq!(app.http().get(app.url(path)).send().await.unwrap().status(), 200);
    }
}

/// Registers a service that is down: its events are tried again and again.
async fn receives_events(admin: &Actor) -> Value {
    let types = ["BALANCE_CHANGED", "EXPORT_CHARGED", "SUBSCRIPTION_CHANGED", "PAYMENT_PAID", "PAYMENT_REFUNDED"];
    let input = json!({ "url": "http://127.0.0.1:9/events", "types": types });
    admin.gets(account_event::CREATE, json!({ "input": input })).await["endpoint"]["id"].clone()
}

async fn lists_events(app: &TestApp, admin: &Actor, endpoint: &Value) {
    app.works_off(Kind::Delivery).await;
    admin.gets(account_event::ENDPOINTS, json!({})).await;
    for types in [Value::Null, json!(["EXPORT_CHARGED", "PAYMENT_PAID"])] {
        let page = admin.gets(account_event::EVENTS, json!({ "first": 1, "types": types })).await;
        let next = json!({ "first": 1, "types": types, "after": page["pageInfo"]["endCursor"] });
        let event = admin.gets(account_event::EVENTS, next).await["nodes"][0]["id"].clone();
        let again = json!({ "input": { "eventId": event, "endpointId": endpoint } });
        admin.gets(account_event::REDELIVER, again).await;
    }
    for (status, endpoint) in
        [(Value::Null, &Value::Null), (json!("PENDING"), &Value::Null), (json!("PENDING"), endpoint)]
    {
        admin.gets(account_event::DELIVERIES, json!({ "first": 2, "status": status, "endpoint": endpoint })).await;
    }
    admin.gets(account_event::UPDATE, json!({ "input": { "id": endpoint, "disabled": false } })).await;
    let second = receives_events(admin).await;
    admin.gets(account_event::DELETE, json!({ "input": { "id": second } })).await;
    app.works_off(Kind::Delivery).await;
}

/// The newest subscription at Stripe that has not ended.
async fn current(app: &TestApp) -> Value {
    at_stripe(app, "/v1/subscriptions?limit=1").await["data"][0].clone()
}

async fn signs_in_and_out(app: &TestApp, mut mail: MailServer) {
    let eve = app.signs_up("eve").await;
    eve.gets("mutation { requestEmailVerification { email } }", json!({})).await;
    let (_, token) = mail.next_link().await;
    eve.gets(VERIFY, json!({ "input": { "token": token } })).await;
    eve.gets(REQUEST_RESET, json!({ "input": { "email": "eve@patchhive.example" } })).await;
    let (_, token) = mail.next_link().await;
    let reset = json!({ "input": { "token": token, "newPassword": "a new password" } });
    eve.gets(RESET, reset).await;
    let input = json!({ "email": "eve@patchhive.example", "password": "a new password" });
    let log_in = "mutation ($input: LogInInput!) { logIn(input: $input) { token } }";
    for document in ["mutation { logOut { revokedAt } }", "mutation { logOutEverywhere { revokedAt } }"] {
        // Tokens of the second in which others were revoked count as issued in the next.
        let session = app.visitor().gets(log_in, json!({ "input": input })).await;
        app.bearer(session["token"].as_str().unwrap()).gets(document, json!({})).await;
    }
    let session = app.visitor().gets(log_in, json!({ "input": input })).await;
    let input = json!({ "currentPassword": "a new password", "newPassword": "another password" });
    let change = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { token } }";
    app.bearer(session["token"].as_str().unwrap()).gets(change, json!({ "input": input })).await;
    let inside = app.inside().await;
    accounts::revoke(inside.database.write(), "eve@patchhive.example", inside.clock.wall()).await.unwrap();
}

/// A subscriber who exports, and buys packs.
async fn subscribes(app: &TestApp) -> Actor {
    let ada = app.signs_up("ada").await;
    let mut balance = ada.watches_balance(None).await;
    let mut plan = ada.connects().await;
    plan.subscribes("plan", "subscription { subscriptionChanged { tier } }", json!({})).await;
    assert_eq!(ada.exports("run", "first").await["__typename"], "InsufficientCredits");
    ada.opens_checkout("PRO").await;
    let core = ada.opens_checkout("CORE").await;
    let second = opened_elsewhere(app, &customer_of(app, &core).await, "price_pro").await;
    ada.pays(&core, GOOD_CARD).await;
    app.sandbox().advance(Duration::from_secs(5)).await;
    ada.pays(&second, GOOD_CARD).await;
    app.settles().await;
    let bought = ada.gets(CHECKOUT_STATE, json!({ "id": core["id"] })).await;
    assert_eq!(bought["status"], "PAID");
    for kind in [Kind::Operation, Kind::Duplicate] {
        app.works_off(kind).await;
        app.settles().await;
    }
    assert_eq!(ada.gets(CHECKOUT, checkout("STUDIO")).await["__typename"], "AlreadySubscribed");
    let charged = ada.exports("run", "second").await;
    ada.exports("run", "second").await;
    let service = app.signs_up_as("exporter", Role::Service).await;
    reserves(app, &ada, &service).await;
    let input = json!({ "chargeId": charged["id"], "reason": "it failed" });
    for _ in 0..2 {
        service
            .gets(
                "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id } }",
                json!({ "input": input }),
            )
            .await;
    }
    for arrives in [true, false] {
        let checkout = ada.opens_purchase(30).await;
        ada.pays(&checkout, BANK_ACCOUNT).await;
        app.settles().await;
        app.sandbox().settle_delayed(checkout["id"].as_str().unwrap(), arrives).unwrap();
        app.settles().await;
    }
    let viewer = "{ viewer { id email balance { credits unlimited } tier subscription { status } } }";
    let id = ada.gets(viewer, json!({})).await["id"].clone();
    let month = "query ($from: DateTime!, $to: DateTime!) { usage(from: $from, to: $to, by: DAY) { exports } }";
    let now = app.inside().await.clock.now();
    let from = now - TimeDelta::days(30);
    ada.gets(month, json!({ "from": from.to_rfc3339(), "to": now.to_rfc3339() })).await;
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    for kind in ["user", "balance", "entry", "hold", "payment", "subscription"] {
        let id = id.as_str().unwrap().replace("user", kind);
        ada.gets(node, json!({ "id": id })).await;
    }
    ada.gets("{ endedSubscription { status } }", json!({})).await;
    // Longer than the interval of the poll for lost hints.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(balance.pushed().await["version"], 0);
    plan.pushed().await;
    ada
}

/// Holds that are captured, extended and released, and one that expires.
async fn reserves(app: &TestApp, ada: &Actor, service: &Actor) {
    let mut holds = Vec::new();
    for key in ["captured", "released", "expired", "captured"] {
        holds.push(ada.gets(RESERVE, reservation("run", key)).await);
    }
    let query = "query ($id: ID!) { hold(id: $id) { state ticket balance { held } } }";
    for _ in 0..2 {
        service.gets(CAPTURE, of(&holds[0])).await;
        ada.gets(EXTEND, of(&holds[1])).await;
        ada.gets(query, json!({ "id": holds[1]["id"] })).await;
        ada.gets(RELEASE, of(&holds[1])).await;
        let list = "query ($after: String) { holds(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }";
        let page = ada.gets(list, json!({})).await;
        ada.gets(list, json!({ "after": page["pageInfo"]["endCursor"] })).await;
    }
    expires(app, &holds[2]).await;
}

async fn changes_plans(app: &TestApp, ada: &Actor) {
    ada.previews("PRO").await;
    ada.changes_plan("PRO").await;
    app.settles().await;
    ada.changes_plan("CORE").await;
    app.settles().await;
    ada.resumes().await;
    ada.cancels().await;
    ada.resumes().await;
    ada.gets(PORTAL, portal("https://patchhive.example/account")).await;
    ada.gets("{ invoices { nodes { number } } }", json!({})).await;
    ada.gets("{ paymentMethod { last4 } }", json!({})).await;
    app.settles().await;
    let id = current(app).await["id"].as_str().unwrap().to_owned();
    app.sandbox().fail_next_payments(&id, 1).unwrap();
    app.sandbox().renew(&id).await.unwrap();
    app.sandbox().advance(Duration::from_hours(4 * 24)).await;
    app.settles().await;
    let sue = app.signs_up("sue").await;
    sue.subscribes("STUDIO").await;
    assert_eq!(sue.exports("run", "key").await["__typename"], "ExportCharge");
    let id = current(app).await["id"].as_str().unwrap().to_owned();
    app.sandbox().renew(&id).await.unwrap();
    app.settles().await;
    app.works_off(Kind::Unlimited).await;
}

async fn money_goes_back(app: &TestApp) {
    let bob = app.signs_up("bob").await;
    let buys = async || {
        bob.buys(25).await;
        let events = app.sandbox().events();
        let paid = events.iter().rev().find(|event| event["type"] == "payment_intent.succeeded").unwrap();
        paid["data"]["object"]["id"].as_str().unwrap().to_owned()
    };
    app.sandbox().refund(&buys().await, Some(200)).unwrap();
    let failing = app.sandbox().refund(&buys().await, None).unwrap();
    app.settles().await;
    app.sandbox().settle_refund(failing["id"].as_str().unwrap(), false).unwrap();
    for outcome in [Outcome::Won, Outcome::Lost] {
        let dispute = app.sandbox().dispute(&buys().await, Stage::Chargeback, None).unwrap();
        app.settles().await;
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), outcome).unwrap();
        app.settles().await;
    }
    bob.subscribes("PRO").await;
    let invoice = current(app).await["latest_invoice"].as_str().unwrap().to_owned();
    credits_invoice(app, &invoice, "500").await;
    app.settles().await;
}

async fn lists(app: &TestApp, admin: &Actor) {
    let inside = app.inside().await;
    let request = accounts::TokenRequest { role: Role::User, ttl: None, now: inside.clock.wall() };
    let token = accounts::token(inside.database.write(), &inside.tokens, HEAVY_USER, request).await.unwrap();
    let heavy = app.bearer(&token);
    for kind in [None, Some("SPEND"), Some("GRANT"), Some("PURCHASE")] {
        let page = heavy.gets(LEDGER, json!({ "first": 50, "type": kind })).await;
        heavy.gets(LEDGER, json!({ "first": 50, "after": page["pageInfo"]["endCursor"], "type": kind })).await;
        let page = heavy.gets(LEDGER, json!({ "last": 50, "type": kind })).await;
        heavy.gets(LEDGER, json!({ "last": 50, "before": page["pageInfo"]["startCursor"], "type": kind })).await;
    }
    let mut watcher = heavy.watches_balance(Some(0)).await;
    watcher.pushed().await;
    let page = heavy.gets(PAYMENTS, json!({})).await;
    heavy.gets(PAYMENTS, json!({ "after": page["pageInfo"]["endCursor"] })).await;
    for search in [Value::Null, json!("filled"), json!("nobody has this name"), json!("in_filled10_1")] {
        let page = admin.gets(USERS, json!({ "search": search })).await;
        admin.gets(USERS, json!({ "search": search, "after": page["pageInfo"]["endCursor"] })).await;
    }
    for id in ["user_10", "balance_10", "entry_10", "hold_10", "payment_10", "subscription_10", "evt_10"] {
        admin.gets("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
    }
    admin.gets("{ user(id: 10) { email balance { version } subscription { tier } } }", json!({})).await;
    for status in [Value::Null, json!("FAILED"), json!("WAITING"), json!("APPLIED")] {
        for kind in [Value::Null, json!("invoice.paid"), json!("no.such.type")] {
            let page = admin.gets(EVENTS, json!({ "status": status, "type": kind })).await;
            let after = &page["pageInfo"]["endCursor"];
            admin.gets(EVENTS, json!({ "status": status, "type": kind, "after": after })).await;
        }
    }
}

/// The lists of the desk for support.
async fn oversees(admin: &Actor) {
    for document in [
        format!("query ($after: String) {{ adminActions(first: 50, after: $after) {ACTIONS} }}"),
        format!("query ($after: String) {{ adminActions(first: 1, after: $after, userId: 10) {ACTIONS} }}"),
        format!("query ($after: String) {{ refusedOperations(first: 50, after: $after) {OPERATIONS} }}"),
        format!("query ($after: String) {{ failedTasks(first: 50, after: $after) {TASKS} }}"),
    ] {
        let page = admin.gets(&document, json!({})).await;
        let after = &page["pageInfo"]["endCursor"];
        assert!(after.is_string(), "{document}");
        admin.gets(&document, json!({ "after": after })).await;
        if document.contains("failedTasks") {
            // Nothing is overdue, and both lists have cursors of one form.
            let document = document.replace("failedTasks", "overdueTasks");
            admin.gets(&document, json!({})).await;
            admin.gets(&document, json!({ "after": after })).await;
        }
    }
}

async fn adjusts(app: &TestApp, admin: &Actor) {
    for (mutation, input, credits) in
        [("grantCredits", "GrantCreditsInput", 5), ("adjustCredits", "AdjustCreditsInput", -3)]
    {
        let document = format!("mutation ($input: {input}!) {{ {mutation}(input: $input) {{ version }} }}");
        let input = json!({ "userId": "1", "credits": credits, "reason": "a test", "idempotencyKey": mutation });
        for _ in 0..2 {
            admin.gets(&document, json!({ "input": input })).await;
        }
    }
    app.settles().await;
}

/// Webhooks that the sandbox did not send: about others, unreadable, repeated, and replayed.
async fn webhooks_arrive(app: &TestApp, admin: &Actor) {
    for customer in ["cus_elsewhere", "cus_filled7"] {
        let plan = Plan::new(customer, CORE);
        let paid = plan.paid("subscription_create");
        let pack = Pack::new(customer);
        let money = Money::of_pack(&pack);
        accepts(app, [&plan.created("active"), &paid, &paid]).await;
        accepts(app, [&plan.updated("past_due", json!({})), &plan.deleted()]).await;
        accepts(app, [&pack.completed("paid"), &money.refunded(100)]).await;
        let ended = plan.deleted();
        accepts(app, [&retold(&ended, "moon.landed")]).await;
    }
    let unknown = Plan::new("cus_filled7", ("price_unknown", 700)).paid("subscription_create");
    accepts(app, [&unknown]).await;
    sync::retry_event(&app.inside().await, unknown["id"].as_str().unwrap()).await.unwrap_err();
    let replay = "mutation ($input: ReplayWebhookEventInput!) { replayWebhookEvent(input: $input) { status } }";
    admin.gets(replay, json!({ "input": { "id": unknown["id"] } })).await;
}

async fn loses_its_customer(app: &TestApp) {
    let tom = app.signs_up("tom").await;
    let opened = tom.opens_purchase(1).await;
    let customer = customer_of(app, &opened).await;
    let url = format!("http://{}/v1/customers/{customer}", app.sandbox().address());
    assert_eq!(app.http().delete(url).bearer_auth("sk_test_tests").send().await.unwrap().status(), 200);
    app.settles().await;
    tom.opens_purchase(1).await;
}

/// Webhooks are lost, and reconciliation finds what they reported; old rows are pruned.
async fn catches_up(app: &TestApp) {
    let lost = DeliveryFault { event: String::new(), times: u32::MAX, delivery: DeliveryEffect::Never };
    app.sandbox().inject_delivery(lost);
    let ada = app.signs_up("late").await;
    ada.subscribes("CORE").await;
    ada.buys(10).await;
    let inside = app.inside().await;
    assert!(!sync::reconcile_due(&inside).await.unwrap().clean());
    sync::reconcile(&inside, TimeDelta::days(35)).await.unwrap();
    assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 35));
    app.works_off(Kind::Prune).await;
}
