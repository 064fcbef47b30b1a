//! Credits that run low are topped up by a saved card: once for each crossing, within the cap, and never out of control.

mod card;
mod input;
mod lost;
mod pause;
mod random;

use std::time::Duration;

use entity::{user::Role, work::Kind};
use patch_hive::billing;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    account_event::{Receiver, grants, registers},
    checkout::at_stripe,
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
};

pub(crate) const SET: &str = "mutation ($input: SetAutoTopUpInput!) { setAutoTopUp(input: $input) { __typename \
    ... on AutoTopUp { enabled below credits monthlyCap { amount currency } pause { reason } } \
    ... on CardRequired { message } } }";

pub(crate) const RESUME: &str =
    "mutation { resumeAutoTopUp { __typename ... on AutoTopUp { enabled pause { reason } } } }";

pub(crate) const DISABLE: &str = "mutation { disableAutoTopUp { enabled pause { reason } } }";

const SETUP: &str = "mutation ($input: StartCardSetupInput!) { startCardSetup(input: $input) { url expiresAt } }";

pub(crate) const STATE: &str = "{ autoTopUp { enabled below credits monthlyCap { amount } chargedThisMonth { amount currency } \
    pause { reason since } declines notBefore version } }";

const TOP_UPS: &str = "{ topUps(first: 100) { nodes { id state credits amount { amount currency } declineCode invoiceUrl \
    createdAt endedAt } } }";

/// Time limit for the gateway to notice that credits run low, and to charge.
const PATIENCE: Duration = Duration::from_secs(20);

/// The call that charges a card.
const PAY: &str = "POST /v1/invoices/{id}/pay";

pub(crate) fn settings(below: i64, credits: i64, monthly_cap: i64) -> Value {
    json!({ "input": { "below": below, "credits": credits, "monthlyCap": monthly_cap } })
}

pub(crate) fn urls() -> Value {
    let page = "https://patchhive.example/account?card=";
    json!({ "input": { "successUrl": format!("{page}saved"), "cancelUrl": format!("{page}canceled") } })
}

/// Saves a card on Stripe's page, confirming it to the bank where that is required, and waits for the webhooks.
pub(crate) async fn saves_card(app: &TestApp, user: &Actor, card: &str) {
    let setup = user.gets(SETUP, urls()).await;
    let form = [("card_number", card), ("authentication", "complete")];
    let response = app.http().post(setup["url"].as_str().unwrap()).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 303, "the page did not lead on");
    app.settles().await;
}

/// A new user with a saved card and some credits, in one entry.
async fn with_card(app: &TestApp, name: &str, card: &str, credits: i64) -> Actor {
    let user = app.signs_up(name).await;
    if credits > 0 {
        let admin = app.signs_up_as(&format!("{name}s-admin"), Role::Admin).await;
        grants(&admin, &user, credits, name).await;
    }
    saves_card(app, &user, card).await;
    user
}

async fn enables(user: &Actor, below: i64, credits: i64, cap: i64) {
    let set = user.gets(SET, settings(below, credits, cap)).await;
    assert_eq!((&set["__typename"], &set["enabled"]), (&json!("AutoTopUp"), &json!(true)), "{set}");
}

async fn state(user: &Actor) -> Value {
    user.gets(STATE, json!({})).await
}

/// All top-ups, newest first.
async fn top_ups(user: &Actor) -> Vec<Value> {
    user.gets(TOP_UPS, json!({})).await["nodes"].as_array().unwrap().clone()
}

/// The states of all top-ups, newest first.
async fn states(user: &Actor) -> Vec<String> {
    top_ups(user).await.iter().map(|top_up| top_up["state"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the user has this many top-ups, the newest of them in this state, and the webhooks have arrived.
pub(crate) async fn comes_to(app: &TestApp, user: &Actor, count: usize, wanted: &str) -> Value {
    let come = async {
        loop {
            let all = top_ups(user).await;
            if all.len() == count && all[0]["state"] == wanted {
                return all[0].clone();
            }
            assert!(all.len() <= count, "more than {count}: {all:?}");
            sleep(Duration::from_millis(20)).await;
        }
    };
    let newest = timeout(PATIENCE, come).await;
    let Ok(newest) = newest else { panic!("not {count} with {wanted}: {:?}", top_ups(user).await) };
    app.settles().await;
    newest
}

/// Lets the gateway look at all accounts now, and do what follows.
async fn looks(app: &TestApp) {
    let inside = app.inside().await;
    billing::top_up::request_all(&inside).await.unwrap();
    app.works_off(Kind::TopUp).await;
    app.settles().await;
    app.works_off(Kind::TopUp).await;
}

async fn pause(user: &Actor) -> Value {
    state(user).await["pause"]["reason"].clone()
}

/// The invoices at Stripe, of all customers.
async fn invoices(app: &TestApp) -> Vec<Value> {
    at_stripe(app, "/v1/invoices?limit=100").await["data"].as_array().unwrap().clone()
}

/// The number of attempts to charge a card.
fn attempts(app: &TestApp) -> u64 {
    app.sandbox().requests().get(PAY).copied().unwrap_or_default()
}

facts! {
    async fn credits_are_added_once_they_run_low(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 10).await;
        enables(&ada, 9, 25, 5000).await;
        looks(&app).await;
        assert_eq!((top_ups(&ada).await, attempts(&app)), (Vec::new(), 0), "ten are not low");
        ada.exports("run", "key").await;
        let top_up = comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((&top_up["credits"], &top_up["amount"]), (&json!(25), &json!({ "amount": 500, "currency": "USD" })));
        assert_eq!(ada.credits().await, 32);
        looks(&app).await;
        assert_eq!((states(&ada).await.len(), attempts(&app)), (1, 1));

        let [invoice]: [Value; 1] = invoices(&app).await.try_into().unwrap();
        assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(500)));
        assert_eq!((&invoice["auto_advance"], &invoice["metadata"]["credits"]), (&json!(false), &json!("25")));
        assert_eq!(invoice["lines"]["data"][0]["description"], "25 Patch-Hive credits");
        assert_eq!(invoice["hosted_invoice_url"], top_up["invoiceUrl"]);
        let payments = ada.gets("{ payments { nodes { credits status amount { amount } } } }", json!({})).await;
        assert_eq!(payments["nodes"], json!([{ "credits": 25, "status": "SUCCEEDED", "amount": { "amount": 500 } }]));
        let charged = json!({ "amount": 500, "currency": "USD" });
        assert_eq!(state(&ada).await["chargedThisMonth"], charged);
    }

    async fn other_services_hear_of_a_top_up_as_of_a_pack(app: TestApp) {
        let (admin, receiver) = (app.signs_up_as("root", Role::Admin).await, Receiver::start().await);
        registers(&admin, &receiver, &["PAYMENT_PAID", "PAYMENT_REFUNDED"]).await;
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 1, "PAID").await;
        let [paid] = receiver.accepts(1).await.try_into().ok().unwrap();
        let data = &paid.body["data"];
        let payments = ada.gets("{ payments { nodes { id } } }", json!({})).await;
        assert_eq!((paid.kind(), &data["product"], &data["amount"]), ("payment.paid", &json!("PACK"), &json!(500)));
        assert_eq!((&data["credits"], &data["paymentId"]), (&json!(25), &payments["nodes"][0]["id"]));
        app.sandbox().refund(data["stripePaymentIntentId"].as_str().unwrap(), None).unwrap();
        app.settles().await;
        let refunded = receiver.accepts(2).await.pop().unwrap();
        assert_eq!((refunded.kind(), &refunded.body["data"]["amountRefunded"]), ("payment.refunded", &json!(500)));
    }

    async fn nothing_is_charged_without_settings(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 3).await;
        ada.exports("run", "key").await;
        looks(&app).await;
        assert_eq!((state(&ada).await, top_ups(&ada).await, attempts(&app)), (Value::Null, Vec::new(), 0));
    }

    async fn enabling_looks_at_the_account_at_once(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        enables(&ada, 1, 1, 500).await;
        let top_up = comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((&top_up["credits"], &top_up["amount"]["amount"]), (&json!(1), &json!(500)));
        assert_eq!(ada.credits().await, 1);
    }

    async fn a_gap_is_closed_in_one_charge(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 10).await;
        enables(&ada, 100, 30, 100_000).await;
        let top_up = comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((&top_up["credits"], &top_up["amount"]["amount"]), (&json!(90), &json!(1800)));
        looks(&app).await;
        assert_eq!((ada.credits().await, attempts(&app)), (100, 1));
    }

    async fn held_credits_do_not_count(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 10).await;
        enables(&ada, 8, 25, 5000).await;
        looks(&app).await;
        assert_eq!(attempts(&app), 0);
        ada.gets(crate::hold::RESERVE, crate::hold::reservation("run", "key")).await;
        comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!(ada.credits().await, 35);
    }

    async fn a_month_never_costs_more_than_its_cap(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        enables(&ada, 100, 25, 1499).await;
        let top_up = comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((&top_up["credits"], &top_up["amount"]["amount"]), (&json!(50), &json!(1000)), "as much as it allows");
        looks(&app).await;
        let waiting = state(&ada).await;
        assert_eq!((&waiting["pause"], &waiting["chargedThisMonth"]["amount"]), (&Value::Null, &json!(1000)));
        let next = waiting["notBefore"].as_str().unwrap().to_owned();
        assert!(next.ends_with("-01T00:00:00.000Z"), "{next}");
        looks(&app).await;
        assert_eq!(attempts(&app), 1);
        // A larger cap counts at once.
        enables(&ada, 100, 25, 2000).await;
        comes_to(&app, &ada, 2, "PAID").await;
        assert_eq!((ada.credits().await, &state(&ada).await["chargedThisMonth"]["amount"]), (100, &json!(2000)));
        for number in 0..10 {
            ada.exports("run", &format!("key-{number}")).await;
        }
        looks(&app).await;
        assert_eq!(attempts(&app), 2);
        app.sandbox().advance(Duration::from_hours(24 * 31)).await;
        looks(&app).await;
        comes_to(&app, &ada, 3, "PAID").await;
        assert_eq!(state(&ada).await["chargedThisMonth"]["amount"], 1000);
    }

    async fn unlimited_plans_are_never_topped_up(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        ada.subscribes("STUDIO").await;
        enables(&ada, 10, 25, 5000).await;
        ada.exports("run", "key").await;
        looks(&app).await;
        assert_eq!((top_ups(&ada).await, attempts(&app)), (Vec::new(), 0));
    }

    async fn disabling_ends_it_and_the_card_stays(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 10).await;
        enables(&ada, 9, 25, 5000).await;
        assert_eq!(ada.gets(DISABLE, json!({})).await, json!({ "enabled": false, "pause": null }));
        ada.exports("run", "key").await;
        looks(&app).await;
        assert_eq!(attempts(&app), 0);
        assert_eq!(ada.gets("{ savedCard { last4 } }", json!({})).await["last4"], "4242");
        enables(&ada, 9, 25, 5000).await;
        comes_to(&app, &ada, 1, "PAID").await;
    }

    async fn many_exports_at_once_lead_to_one_charge(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 60).await;
        enables(&ada, 30, 25, 5000).await;
        let replicas = app.replicas().await;
        let exports = (0..12).map(|number| {
            let ada = ada.clone();
            async move { ada.exports("run", &format!("key-{number}")).await }
        });
        futures_util::future::join_all(exports).await;
        comes_to(&app, &ada, 1, "PAID").await;
        looks(&app).await;
        assert_eq!((ada.credits().await, attempts(&app)), (49, 1));
        for replica in replicas {
            replica.stop().await;
        }
    }

    async fn changes_are_pushed(app: TestApp) {
        const WATCH: &str = "subscription { autoTopUpChanged { autoTopUp { enabled pause { reason } } savedCard { last4 } \
            latestTopUp { state credits } } }";
        let ada = app.signs_up("ada").await;
        let mut watcher = ada.connects().await;
        watcher.subscribes("top-ups", WATCH, json!({})).await;
        assert_eq!(watcher.pushed().await, json!({ "autoTopUp": null, "savedCard": null, "latestTopUp": null }));
        saves_card(&app, &ada, GOOD_CARD).await;
        assert_eq!(watcher.pushed().await["savedCard"]["last4"], "4242");
        enables(&ada, 1, 25, 5000).await;
        let mut change = watcher.pushed().await;
        assert_eq!(change["autoTopUp"]["enabled"], true);
        while change["latestTopUp"]["state"] != "PAID" {
            change = watcher.pushed().await;
        }
        assert_eq!(change["latestTopUp"]["credits"], 25);
    }

    async fn the_history_belongs_to_its_user_and_to_admins(app: TestApp) {
        let (ada, bob) = (with_card(&app, "ada", GOOD_CARD, 0).await, app.signs_up("bob").await);
        enables(&ada, 1, 25, 5000).await;
        comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((top_ups(&bob).await, state(&bob).await), (Vec::new(), Value::Null));
        let admin = app.signs_up_as("root", Role::Admin).await;
        let document = "query ($id: ID!) { user(id: $id) { autoTopUp { below } savedCard { brand last4 } topUps { nodes { state } } } }";
        let id = ada.row().await.to_string();
        assert_eq!(admin.gets(document, json!({ "id": id })).await, json!({
            "autoTopUp": { "below": 1 }, "savedCard": { "brand": "visa", "last4": "4242" },
            "topUps": { "nodes": [{ "state": "PAID" }] },
        }));
        let export = ada.gets("{ exportAccount { records { table } } }", json!({})).await;
        for table in ["auto_top_ups", "top_ups"] {
            assert!(export["records"].as_array().unwrap().contains(&json!({ "table": table })), "{table}");
        }
    }
}
