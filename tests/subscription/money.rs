//! The price of a subscription, its next charge, what is unpaid, and the payment method that is charged.

use std::time::Duration;

use entity::user::Role;
use sandbox::{AfterRetries, Effect, Fault};
use serde_json::{Value, json};

use super::{newest, stripe_ends_it};
use crate::{
    checkout::{at_stripe, credits_invoice},
    harness::{
        Actor, TestApp,
        actor::{GOOD_CARD, PORTAL, portal},
        facts,
    },
    plan_change::declined::confirms,
};

const MONEY: &str = "{ subscription { status currentPeriodEnd price { amount currency } \
    nextCharge { amount { amount currency } at } \
    openInvoice { amount { amount currency } dueAt nextAttemptAt payUrl needsConfirmation } } }";
const METHOD: &str = "{ paymentMethod { kind brand last4 expiryMonth expiryYear } }";
const WATCH: &str =
    "subscription { subscriptionChanged { subscription { status openInvoice { amount { amount } } } } }";

/// Pays now, and is declined later.
const DECLINES: &str = "4000000000000341";

/// A payment from it is confirmed days later.
const BANK_ACCOUNT: &str = "000123456789";

async fn money(user: &Actor) -> Value {
    user.gets(MONEY, json!({})).await
}

/// The amount of the next charge in cents; null where there is none.
async fn next_amount(user: &Actor) -> Value {
    money(user).await["nextCharge"]["amount"]["amount"].clone()
}

fn cents(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

/// Lets the newest subscription renew while its payment fails so many times.
async fn fails_to_renew(app: &TestApp, times: u32) {
    let id = id(&newest(app).await);
    app.sandbox().fail_next_payments(&id, times).unwrap();
    app.sandbox().renew(&id).await.unwrap();
    app.settles().await;
}

/// The number of previews of invoices that were requested from Stripe.
fn previews(app: &TestApp) -> u64 {
    app.sandbox().requests().get("POST /v1/invoices/create_preview").copied().unwrap_or_default()
}

facts! {
    async fn a_renewal_that_the_bank_wants_confirmed_waits_for_the_customer(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let subscription = id(&newest(&app).await);
        app.sandbox().change_card(&subscription, "4000002760003184").unwrap();
        app.sandbox().renew(&subscription).await.unwrap();
        app.settles().await;
        let open = money(&ada).await;
        assert_eq!((&open["status"], &open["openInvoice"]["amount"]), (&json!("PAST_DUE"), &cents(499)));
        assert_eq!(open["openInvoice"]["needsConfirmation"], true);
        assert_eq!(ada.credits().await, 25);
        confirms(&app, open["openInvoice"]["payUrl"].as_str().unwrap(), "complete").await;
        app.settles().await;
        assert_eq!((&money(&ada).await["status"], ada.credits().await), (&json!("ACTIVE"), 50));
    }

    async fn a_plan_has_a_price_and_charges_it_when_it_renews(app: TestApp) {
        let ada = app.signs_up("ada").await;
        assert_eq!(money(&ada).await, Value::Null);
        ada.subscribes("CORE").await;
        let core = money(&ada).await;
        assert_eq!(core["price"], cents(499));
        assert_eq!(core["nextCharge"], json!({ "amount": cents(499), "at": core["currentPeriodEnd"] }));
        assert_eq!(core["openInvoice"], Value::Null);
        ada.changes_plan("PRO").await;
        app.settles().await;
        let pro = money(&ada).await;
        assert_eq!((&pro["price"], &pro["nextCharge"]["amount"]), (&cents(1499), &cents(1499)));
    }

    async fn a_plan_that_ends_charges_nothing_more(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        ada.cancels().await;
        let before = previews(&app);
        assert_eq!(money(&ada).await["nextCharge"], Value::Null);
        assert_eq!(previews(&app), before, "our own row shows the end");
        ada.resumes().await;
        assert_eq!(next_amount(&ada).await, 499);
    }

    async fn a_scheduled_downgrade_charges_the_lower_price_next(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        ada.changes_plan("CORE").await;
        app.settles().await;
        let scheduled = money(&ada).await;
        assert_eq!((&scheduled["price"], &scheduled["nextCharge"]["amount"]), (&cents(1499), &cents(499)));
        let promised = scheduled["nextCharge"].clone();
        app.sandbox().renew(&id(&newest(&app).await)).await.unwrap();
        app.settles().await;
        let paid = at_stripe(&app, "/v1/invoices?limit=1").await["data"][0].clone();
        assert_eq!(paid["amount_paid"], promised["amount"]["amount"], "what was announced was charged");
        assert_eq!(money(&ada).await["price"], cents(499));
        ada.changes_plan("PRO").await;
        ada.changes_plan("CORE").await;
        ada.resumes().await;
        app.settles().await;
        assert_eq!(next_amount(&ada).await, 1499);
    }

    async fn credit_at_stripe_lowers_the_next_charge(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let invoice = newest(&app).await["latest_invoice"].as_str().unwrap().to_owned();
        credits_invoice(&app, &invoice, "100").await;
        app.settles().await;
        assert_eq!(next_amount(&ada).await, 399);
        credits_invoice(&app, &invoice, "399").await;
        app.settles().await;
        assert_eq!(next_amount(&ada).await, 0, "the credit covers all of it");
        assert_eq!(money(&ada).await["price"], cents(499));
    }

    async fn a_renewal_that_was_declined_can_be_paid_on_a_page(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let mut watcher = ada.connects().await;
        watcher.subscribes("plan", WATCH, json!({})).await;
        let change = |status: &str, open: Value| json!({ "subscription": { "status": status, "openInvoice": open } });
        assert_eq!(watcher.pushed().await, change("ACTIVE", Value::Null));
        fails_to_renew(&app, 20).await;
        let owing = money(&ada).await;
        assert_eq!((&owing["status"], &owing["nextCharge"]), (&json!("PAST_DUE"), &Value::Null));
        let open = &owing["openInvoice"];
        assert_eq!((&open["amount"], &open["needsConfirmation"]), (&cents(499), &json!(false)));
        let invoice = at_stripe(&app, "/v1/invoices?limit=1").await["data"][0].clone();
        let seconds = |time: &Value| time.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
        assert_eq!(seconds(&open["nextAttemptAt"]), invoice["next_payment_attempt"].as_i64().unwrap());
        assert_eq!(seconds(&open["dueAt"]), invoice["created"].as_i64().unwrap());
        let owed = change("PAST_DUE", json!({ "amount": { "amount": 499 } }));
        while watcher.pushed().await != owed {}

        let page = open["payUrl"].as_str().unwrap();
        assert!(app.http().get(page).send().await.unwrap().text().await.unwrap().contains("$4.99"));
        let id = id(&newest(&app).await);
        app.sandbox().fail_next_payments(&id, 0).unwrap();
        let paid = app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
        assert!(paid.status().is_redirection(), "{}", paid.status());
        app.settles().await;
        let paid = money(&ada).await;
        assert_eq!((&paid["status"], &paid["openInvoice"]), (&json!("ACTIVE"), &Value::Null));
        assert_eq!(paid["nextCharge"]["amount"], cents(499));
        while watcher.pushed().await != change("ACTIVE", Value::Null) {}
    }

    async fn an_unpaid_plan_has_an_open_invoice_that_is_not_retried(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        app.sandbox().set_after_retries(AfterRetries::Unpaid);
        fails_to_renew(&app, 20).await;
        app.sandbox().advance(Duration::from_hours(20 * 24)).await;
        app.settles().await;
        let unpaid = money(&ada).await;
        assert_eq!((&unpaid["status"], &unpaid["nextCharge"]), (&json!("UNPAID"), &Value::Null));
        assert_eq!((&unpaid["openInvoice"]["amount"], &unpaid["openInvoice"]["nextAttemptAt"]), (&cents(499), &Value::Null));
    }

    async fn a_declined_upgrade_owes_nothing(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        app.sandbox().change_card(&id(&newest(&app).await), DECLINES).unwrap();
        app.settles().await;
        assert_eq!(ada.changes_plan("PRO").await["__typename"], "PaymentFailed");
        app.settles().await;
        let core = money(&ada).await;
        assert_eq!((&core["price"], &core["openInvoice"]), (&cents(499), &Value::Null));
    }

    async fn the_payment_method_is_the_one_that_is_charged(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let before = app.sandbox().requests();
        assert_eq!(ada.gets(METHOD, json!({})).await, Value::Null);
        assert_eq!(app.sandbox().requests(), before, "who is no customer has no card");
        ada.subscribes("CORE").await;
        let card = |brand: &str, last4: &str| {
            json!({ "kind": "CARD", "brand": brand, "last4": last4, "expiryMonth": 12, "expiryYear": 2040 })
        };
        assert_eq!(ada.gets(METHOD, json!({})).await, card("visa", "4242"));
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let of_user = "query ($id: ID!) { user(id: $id) { paymentMethod { kind brand last4 expiryMonth expiryYear } } }";
        let read = admin.gets(of_user, json!({ "id": ada.row().await })).await;
        assert_eq!(read["paymentMethod"], card("visa", "4242"), "operators read it too");
        assert_eq!(admin.gets(METHOD, json!({})).await, Value::Null, "and have their own");
        let url = ada.gets(PORTAL, portal("https://patchhive.example/account")).await["url"].as_str().unwrap().to_owned();
        let subscription = id(&newest(&app).await);
        let form = [("subscription", subscription.as_str()), ("action", "card"), ("card_number", "5555555555554444")];
        assert_eq!(app.http().post(&url).form(&form).send().await.unwrap().status(), 303);
        assert_eq!(ada.gets(METHOD, json!({})).await, card("mastercard", "4444"));
        app.sandbox().change_card(&subscription, BANK_ACCOUNT).unwrap();
        assert_eq!(ada.gets(METHOD, json!({})).await, json!({
            "kind": "BANK_DEBIT", "brand": "STRIPE TEST BANK", "last4": "6789", "expiryMonth": null, "expiryYear": null,
        }));
        app.settles().await;
        stripe_ends_it(&app).await;
        assert_eq!(ada.gets(METHOD, json!({})).await, Value::Null);
        let bob = app.signs_up("bob").await;
        bob.buys(25).await;
        assert_eq!(bob.gets(METHOD, json!({})).await, Value::Null);
        assert_eq!(app.visitor().is_refused(METHOD, json!({})).await, "UNAUTHENTICATED");
    }

    async fn while_stripe_is_away_the_stored_facts_are_still_shown(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let path = String::from("/v1/");
        app.sandbox().inject(Fault { method: String::new(), path, times: u32::MAX, effect: Effect::Drop });
        let answer = ada.asks(MONEY).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "STRIPE_UNAVAILABLE");
        assert_eq!(answer["data"]["subscription"]["price"], cents(499));
        assert_eq!(answer["data"]["subscription"]["nextCharge"], Value::Null);
        assert_eq!(ada.is_refused(METHOD, json!({})).await, "STRIPE_UNAVAILABLE");
        app.sandbox().clear_faults();
    }
}
