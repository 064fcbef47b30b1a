//! With `STRIPE_TAX`, Stripe adds taxes at checkout. Credits follow prices, and a refund with the tax returns all of them.

use std::time::Duration;

use patch_hive::{billing::tax, config::Config};
use sandbox::Tax;
use serde_json::{Value, json};

use crate::{
    checkout::{at_stripe, credits_invoice, on_both, posts_to_stripe},
    harness::{
        Actor, TestApp,
        actor::{CHECKOUT, GOOD_CARD, checkout},
    },
    plan_change::renews,
    top_up::{SET, comes_to, saves_card, settings},
    webhook::{entries_of, grant, purchase},
};

/// The rates of the tests: added to prices, and included in them.
const EXCLUSIVE: Tax = Tax { percent: 20, inclusive: false, set_up: true };
const INCLUSIVE: Tax = Tax { percent: 20, inclusive: true, set_up: true };

fn with_tax(config: &mut Config) {
    config.stripe.as_mut().unwrap().checkout.tax = true;
}

/// The relation of taxes to prices that the server shows, once it has read it.
async fn shown_behavior(app: &TestApp) -> Value {
    for _ in 0..200 {
        let shown = app.visitor().gets("{ stripeConfig { taxBehavior } }", json!({})).await["taxBehavior"].clone();
        if !shown.is_null() {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Value::Null
}

/// Total and tax of the newest invoice.
async fn newest_invoice(user: &Actor) -> (i64, i64) {
    let page = user.gets("{ invoices(first: 1) { nodes { total { amount } tax { amount } } } }", json!({})).await;
    let invoice = &page["nodes"][0];
    (invoice["total"]["amount"].as_i64().unwrap(), invoice["tax"]["amount"].as_i64().unwrap())
}

/// Refunds an amount of the newest payment, or what is left of it.
async fn refunds(app: &TestApp, amount: Option<i64>) {
    let charge = at_stripe(app, "/v1/charges?limit=1").await["data"][0]["id"].as_str().unwrap().to_owned();
    app.sandbox().refund(&charge, amount).unwrap();
    app.settles().await;
}

fn refund(credits: i64) -> (String, i64) {
    ("REFUND".to_owned(), -credits)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_costs_its_tax_and_a_refund_with_the_tax_returns_all_of_its_credits() {
    for (tax, paid, taxes) in [(EXCLUSIVE, 960, 160), (INCLUSIVE, 800, 133)] {
        on_both(with_tax, async |app| {
            app.sandbox().set_tax(tax);
            let ada = app.signs_up("ada").await;
            ada.buys(40).await;
            assert_eq!((newest_invoice(&ada).await, ada.credits().await), ((paid, taxes), 40));
            let payments = ada.gets("{ payments { nodes { amount { amount } status } } }", json!({})).await;
            assert_eq!(payments["nodes"], json!([{ "amount": { "amount": paid }, "status": "SUCCEEDED" }]));
            refunds(&app, Some(paid / 2)).await;
            assert_eq!(ada.credits().await, 20);
            refunds(&app, None).await;
            assert_eq!(entries_of(&ada).await, [purchase(40), refund(20), refund(20)]);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_costs_its_tax_at_each_renewal_and_grants_the_same_credits() {
    for (tax, paid, taxes) in [(EXCLUSIVE, 599, 100), (INCLUSIVE, 499, 83)] {
        on_both(with_tax, async |app| {
            app.sandbox().set_tax(tax);
            let ada = app.signs_up("ada").await;
            ada.subscribes("CORE").await;
            assert_eq!((newest_invoice(&ada).await, ada.credits().await), ((paid, taxes), 25));
            let next = ada.gets("{ subscription { nextCharge { amount { amount } } } }", json!({})).await;
            assert_eq!(next["nextCharge"]["amount"]["amount"], paid);
            renews(&app).await;
            assert_eq!((newest_invoice(&ada).await, ada.credits().await), ((paid, taxes), 50));
            // In parts that do not divide the credits evenly.
            for part in [1, 7, 300] {
                refunds(&app, Some(part)).await;
            }
            refunds(&app, None).await;
            let entries = entries_of(&ada).await;
            let reversed: i64 = entries.iter().filter(|(kind, _)| kind == "REFUND").map(|(_, delta)| delta).sum();
            assert_eq!((&entries[..2], reversed), (&[grant(25), grant(25)][..], -25), "{entries:?}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_costs_the_tax_of_the_difference() {
    for (tax, paid, taxes) in [(EXCLUSIVE, 1200, 200), (INCLUSIVE, 1000, 167)] {
        on_both(with_tax, async |app| {
            app.sandbox().set_tax(tax);
            let ada = app.signs_up("ada").await;
            ada.subscribes("CORE").await;
            let preview = ada.previews("PRO").await;
            assert_eq!((&preview["dueNow"]["amount"], &preview["creditsNow"]), (&json!(paid), &json!(75)));
            assert_eq!(ada.changes_plan("PRO").await["tier"], "PRO");
            app.settles().await;
            assert_eq!((newest_invoice(&ada).await, ada.credits().await), ((paid, taxes), 100));
            refunds(&app, None).await;
            assert_eq!(entries_of(&ada).await[..2], [grant(25), grant(75)]);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credit_note_takes_the_share_of_what_was_paid_with_its_tax() {
    on_both(with_tax, async |app| {
        let ada = app.signs_up("ada").await;
        ada.buys(40).await;
        let page = ada.gets("{ invoices { nodes { id } } }", json!({})).await;
        credits_invoice(&app, page["nodes"][0]["id"].as_str().unwrap(), "240").await;
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [purchase(40), refund(10)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_that_is_entered_at_checkout_is_kept_for_renewals() {
    on_both(with_tax, async |app| {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let subscription = at_stripe(&app, "/v1/subscriptions?limit=1").await["data"][0].clone();
        assert_eq!(subscription["automatic_tax"]["enabled"], true);
        let customer = subscription["customer"].as_str().unwrap();
        assert_eq!(app.sandbox().object(customer).unwrap()["address"]["country"], "US");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_automatic_top_up_includes_its_tax_at_the_address_of_its_card() {
    for (tax, taxes) in [(EXCLUSIVE, 83), (INCLUSIVE, 83)] {
        on_both(with_tax, async |app| {
            app.sandbox().set_tax(tax);
            let ada = app.signs_up("ada").await;
            saves_card(&app, &ada, GOOD_CARD).await;
            ada.gets(SET, settings(1, 25, 500)).await;
            comes_to(&app, &ada, 1, "PAID").await;
            assert_eq!((newest_invoice(&ada).await, ada.credits().await), ((500, taxes), 25));
            refunds(&app, None).await;
            assert_eq!(entries_of(&ada).await, [purchase(25), refund(25)]);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_stripe_tax_set_up_nothing_is_sold() {
    on_both(with_tax, async |app| {
        app.sandbox().set_tax(Tax { set_up: false, ..EXCLUSIVE });
        let ada = app.signs_up("ada").await;
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_MISCONFIGURED");
        app.sandbox().set_tax(EXCLUSIVE);
        assert_eq!(ada.opens_checkout("CORE").await["amount"]["amount"], 599);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_setting_no_tax_is_computed() {
    on_both(
        |_| {},
        async |app| {
            let ada = app.signs_up("ada").await;
            ada.subscribes("CORE").await;
            assert_eq!(newest_invoice(&ada).await, (499, 0));
            let session = at_stripe(&app, "/v1/checkout/sessions?limit=1").await["data"][0].clone();
            assert_eq!(
                (&session["automatic_tax"]["enabled"], &session["allow_promotion_codes"]),
                (&json!(false), &Value::Null)
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_sees_whether_prices_include_taxes() {
    on_both(with_tax, async |app| {
        assert_eq!(shown_behavior(&app).await, "EXCLUSIVE");
        let inside = app.inside().await;
        app.sandbox().set_tax(INCLUSIVE);
        tax::refresh(&inside).await.unwrap();
        assert_eq!(tax::behavior(&inside), Some(tax::TaxBehavior::Inclusive));
        posts_to_stripe(&app, "/v1/prices/price_core", &[("tax_behavior", "exclusive")]).await;
        tax::refresh(&inside).await.unwrap();
        assert_eq!(tax::behavior(&inside), None, "prices differ");
        app.sandbox().set_tax(EXCLUSIVE);
        drop(inside);
        app.restarts().await;
        assert_eq!(shown_behavior(&app).await, "EXCLUSIVE");
    })
    .await;
    on_both(
        |_| {},
        async |app| {
            let shown = app.visitor().gets("{ stripeConfig { taxBehavior } }", json!({})).await;
            assert_eq!(shown["taxBehavior"], Value::Null);
        },
    )
    .await;
}
