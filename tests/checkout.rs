//! Checkouts of plans sell each plan once, at its price, to the right customer, even if calls to Stripe fail.

mod earlier;
pub(crate) mod lost;
mod owing;
mod refused;
mod state;

use std::collections::BTreeMap;

use patch_hive::config::Config;
use sandbox::{Effect, Fault};
use serde_json::{Value, json};

use crate::harness::{
    Backend, TestApp,
    actor::{CHECKOUT, GOOD_CARD, PURCHASE, checkout, purchase},
    app::run_with,
    facts,
};

/// Runs a fact on both databases with changed settings.
pub(crate) async fn on_both(change: impl Fn(&mut Config), fact: impl AsyncFn(TestApp)) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        run_with(backend, &change, |app| fact(app)).await;
    }
}

/// Reads an object or list from Stripe by the path of its API.
pub(crate) async fn at_stripe(app: &TestApp, path: &str) -> Value {
    let request = app.http().get(format!("http://{}{path}", app.sandbox().address())).bearer_auth("sk_test_tests");
    request.send().await.unwrap().json().await.unwrap()
}

/// Creates or changes an object at Stripe by the path of its API, as its dashboard would.
pub(crate) async fn posts_to_stripe(app: &TestApp, path: &str, form: &[(&str, &str)]) -> Value {
    let request = app.http().post(format!("http://{}{path}", app.sandbox().address())).bearer_auth("sk_test_tests");
    let response = request.form(form).send().await.unwrap();
    let (status, answer) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{path}: {answer}");
    serde_json::from_str(&answer).unwrap()
}

/// Credits an invoice by a note, without a refund.
pub(crate) async fn credits_invoice(app: &TestApp, invoice: &str, amount: &str) {
    let form = [("invoice", invoice), ("amount", amount), ("credit_amount", amount)];
    posts_to_stripe(app, "/v1/credit_notes", &form).await;
}

/// The customer at Stripe for whom a checkout was opened.
pub(crate) async fn customer_of(app: &TestApp, checkout: &Value) -> String {
    let session = at_stripe(app, &format!("/v1/checkout/sessions/{}", checkout["id"].as_str().unwrap())).await;
    session["customer"].as_str().unwrap_or_else(|| panic!("{session}")).to_owned()
}

/// Opens a checkout of a plan for the customer without the gateway, as on Stripe's dashboard.
pub(crate) async fn opened_elsewhere(app: &TestApp, customer: &str, price: &str) -> Value {
    let form = [
        ("mode", "subscription"),
        ("customer", customer),
        ("success_url", HOME),
        ("line_items[0][price]", price),
        ("line_items[0][quantity]", "1"),
    ];
    posts_to_stripe(app, SESSIONS, &form).await
}

/// The number of objects of a kind at Stripe.
async fn count(app: &TestApp, path: &str) -> usize {
    at_stripe(app, &format!("{path}?limit=100")).await["data"].as_array().unwrap().len()
}

/// The calls that changed something at Stripe, or tried to.
fn writes(app: &TestApp) -> BTreeMap<String, u64> {
    app.sandbox().requests().into_iter().filter(|(call, _)| call.starts_with("POST")).collect()
}

/// Makes calls to Stripe fail.
pub(crate) fn breaks(app: &TestApp, path: &str, times: u32, effect: Effect) {
    app.sandbox().inject(Fault { method: "POST".to_owned(), path: path.to_owned(), times, effect });
}

/// The variables of a checkout with other URLs.
fn leading_to(success: &str, cancel: &str) -> Value {
    json!({ "input": { "tier": "CORE", "successUrl": success, "cancelUrl": cancel } })
}

/// Maximum number of attempts of a call to Stripe.
pub(crate) const ATTEMPTS: u32 = 3;

const SESSIONS: &str = "/v1/checkout/sessions";
const CUSTOMERS: &str = "/v1/customers";
const HOME: &str = "https://patchhive.example/account";

facts! {
    async fn each_plan_is_sold_at_its_price(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for (tier, cents) in [("CORE", 499), ("PRO", 1499), ("STUDIO", 2999)] {
            let checkout = ada.opens_checkout(tier).await;
            assert_eq!(checkout["__typename"], "Checkout");
            assert_eq!(checkout["amount"], json!({ "amount": cents, "currency": "USD" }));
            assert!(checkout["url"].as_str().unwrap().starts_with("http"), "{checkout}");
        }
    }

    async fn a_plan_excludes_payment_methods_that_may_fail_days_later(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let excluded = async |checkout: &Value| {
            let path = format!("{SESSIONS}/{}", checkout["id"].as_str().unwrap());
            at_stripe(&app, &path).await["excluded_payment_method_types"].clone()
        };
        let plan = ada.opens_checkout("CORE").await;
        let methods = excluded(&plan).await;
        for delayed in ["us_bank_account", "sepa_debit", "bacs_debit", "boleto", "customer_balance"] {
            assert!(methods.as_array().unwrap().contains(&json!(delayed)), "{delayed}: {methods}");
        }
        assert!(!methods.as_array().unwrap().contains(&json!("card")));
        assert_eq!(excluded(&ada.opens_purchase(100).await).await, Value::Null);
    }

    async fn stripe_refuses_unknown_payment_methods_to_exclude(app: TestApp) {
        let form = [
            ("mode", "subscription"),
            ("success_url", HOME),
            ("line_items[0][price]", "price_core"),
            ("line_items[0][quantity]", "1"),
            ("excluded_payment_method_types[0]", "seashells"),
        ];
        let url = format!("http://{}{SESSIONS}", app.sandbox().address());
        let refused = app.http().post(url).bearer_auth("sk_test_tests").form(&form).send().await.unwrap();
        assert_eq!(refused.status(), 400);
        let error = refused.json::<Value>().await.unwrap()["error"].clone();
        assert_eq!(error["param"], "excluded_payment_method_types[0]");
    }

    async fn a_tier_that_is_not_sold_is_refused_without_a_call_to_stripe(app: TestApp) {
        let ada = app.signs_up("ada").await;
        assert_eq!(ada.is_refused(CHECKOUT, checkout("FREE")).await, "BAD_USER_INPUT");
        for tier in ["GOLD", "core", "", "CORE "] {
            assert_eq!(ada.is_refused(CHECKOUT, checkout(tier)).await, "BAD_REQUEST", "{tier:?}");
        }
        assert!(app.sandbox().requests().is_empty());
    }

    async fn a_checkout_leads_to_https_or_loopback_only(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for evil in [
            "http://evil.example/",
            "javascript:alert(1)",
            "data:text/html,hello",
            "//evil.example",
            "/account",
            "",
            "https://user:password@patchhive.example/",
            "https://patchhive.example/ a",
            "https://patchhive.example\\@evil.example/",
            &format!("https://patchhive.example/{}", "a".repeat(3000)),
        ] {
            for variables in [leading_to(evil, HOME), leading_to(HOME, evil)] {
                assert_eq!(ada.is_refused(CHECKOUT, variables).await, "BAD_USER_INPUT", "{evil}");
            }
            let pack = json!({ "input": { "credits": 25, "successUrl": evil, "cancelUrl": HOME } });
            assert_eq!(ada.is_refused(PURCHASE, pack).await, "BAD_USER_INPUT", "{evil}");
        }
        assert!(app.sandbox().requests().is_empty());
        let local = ada.gets(CHECKOUT, leading_to("http://localhost:5173/ok", "http://127.0.0.1:5173/no")).await;
        assert_eq!(local["__typename"], "Checkout");
    }

    async fn a_visitor_has_to_log_in_first(app: TestApp) {
        let visitor = app.visitor();
        assert_eq!(visitor.is_refused(CHECKOUT, checkout("CORE")).await, "UNAUTHENTICATED");
        assert_eq!(visitor.is_refused(PURCHASE, purchase(25)).await, "UNAUTHENTICATED");
        assert!(app.sandbox().requests().is_empty());
    }

    async fn a_second_checkout_while_subscribed_names_the_subscription(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let before = writes(&app);
        for tier in ["CORE", "PRO", "STUDIO"] {
            insta::assert_json_snapshot!("checkout_already_subscribed", ada.opens_checkout(tier).await);
        }
        ada.cancels().await;
        assert_eq!(ada.opens_checkout("PRO").await["__typename"], "AlreadySubscribed");
        assert_eq!(writes(&app).get("POST /v1/checkout/sessions"), before.get("POST /v1/checkout/sessions"));
    }

    async fn stripe_learns_who_buys_what(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let user = json!(ada.row().await.to_string());
        let checkout = ada.opens_checkout("PRO").await;
        let path = format!("{SESSIONS}/{}", checkout["id"].as_str().unwrap());
        let session = at_stripe(&app, &path).await;
        let customer = at_stripe(&app, &format!("{CUSTOMERS}/{}", session["customer"].as_str().unwrap())).await;
        assert_eq!(customer["email"], "ada@patchhive.example");
        assert_eq!(customer["name"], "ada");
        assert_eq!(customer["metadata"]["user_id"], user);

        assert_eq!((&session["mode"], &session["client_reference_id"]), (&json!("subscription"), &user));
        assert_eq!((&session["metadata"]["user_id"], &session["metadata"]["tier"]), (&user, &json!("PRO")));
        // The key of the call that made it, by which it is found again when the answer is lost.
        for made in [&customer, &session] {
            assert_eq!(made["metadata"]["operation"].as_str().map(str::len), Some(32), "{made}");
        }
        let items = at_stripe(&app, &format!("{path}/line_items")).await;
        assert_eq!(items["data"].as_array().unwrap().len(), 1);
        assert_eq!((&items["data"][0]["price"]["id"], &items["data"][0]["quantity"]), (&json!("price_pro"), &json!(1)));

        let home = ada.pays(&checkout, GOOD_CARD).await;
        assert_eq!(home, format!("{HOME}?payment=success&session={}", checkout["id"].as_str().unwrap()));
        app.settles().await;
        let paid = at_stripe(&app, &path).await;
        let subscription = format!("/v1/subscriptions/{}", paid["subscription"].as_str().unwrap());
        let subscription = at_stripe(&app, &subscription).await;
        assert_eq!(subscription["metadata"], json!({ "user_id": user, "tier": "PRO" }));
        assert_eq!(subscription["customer"], session["customer"]);
    }

    async fn a_longer_name_is_the_one_on_receipts(app: TestApp) {
        let document = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
        let session = app.visitor().gets(document, json!({ "input": {
            "email": "Ada@PatchHive.example",
            "username": "ada",
            "displayName": "Ada Lovelace",
            "password": "difference engine",
        } })).await;
        let ada = app.bearer(session["token"].as_str().unwrap());
        let customer = customer_of(&app, &ada.opens_checkout("CORE").await).await;
        let customer = at_stripe(&app, &format!("{CUSTOMERS}/{customer}")).await;
        assert_eq!((&customer["name"], &customer["email"]), (&json!("Ada Lovelace"), &json!("ada@patchhive.example")));
    }

    async fn a_user_is_one_customer_however_many_checkouts(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let first = customer_of(&app, &ada.opens_checkout("CORE").await).await;
        for tier in ["CORE", "PRO"] {
            assert_eq!(customer_of(&app, &ada.opens_checkout(tier).await).await, first);
        }
        assert_eq!(customer_of(&app, &ada.opens_purchase(25).await).await, first);
        assert_eq!(count(&app, CUSTOMERS).await, 1);
        let bob = app.signs_up("bob").await;
        assert_ne!(customer_of(&app, &bob.opens_checkout("CORE").await).await, first);
        assert_eq!(count(&app, CUSTOMERS).await, 2);
    }

    async fn a_user_is_one_customer_also_when_checkouts_come_at_once(app: TestApp) {
        for number in 0..8 {
            let ada = app.signs_up(&format!("ada{number}")).await;
            let (one, two, three) =
                tokio::join!(ada.opens_checkout("CORE"), ada.opens_checkout("CORE"), ada.opens_purchase(25));
            for checkout in [one, two, three] {
                assert!(checkout["url"].is_string(), "{checkout}");
            }
            assert_eq!(count(&app, CUSTOMERS).await, number + 1);
        }
    }

    async fn a_declined_card_leaves_the_checkout_open_and_posts_nothing(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_checkout("CORE").await;
        assert_eq!(ada.submits_card(&checkout, "4000000000000002").await.status(), 402);
        app.settles().await;
        assert_eq!(ada.tier().await, "FREE");
        assert_eq!(ada.balance().await["version"], 0);
        let session = at_stripe(&app, &format!("{SESSIONS}/{}", checkout["id"].as_str().unwrap())).await;
        assert_eq!(session["status"], "open");
        ada.pays(&checkout, GOOD_CARD).await;
        app.settles().await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (25, "CORE"));
    }

    async fn a_lost_checkout_of_one_plan_does_not_stand_in_the_way_of_another(app: TestApp) {
        let ada = app.signs_up("ada").await;
        breaks(&app, SESSIONS, ATTEMPTS, Effect::Drop);
        assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_UNAVAILABLE");
        assert_eq!(ada.opens_checkout("PRO").await["amount"]["amount"], 1499);
        assert_eq!(ada.opens_purchase(25).await["amount"]["amount"], 500);
        assert_eq!(count(&app, SESSIONS).await, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configured_origins_are_the_only_ones_to_redirect_to() {
    let listed = |config: &mut Config| config.redirect_origins = vec!["https://patchhive.example".to_owned()];
    on_both(listed, async |app| {
        let ada = app.signs_up("ada").await;
        for other in ["https://evil.example/", "https://patchhive.example.evil.example/", "http://localhost:5173/"] {
            for variables in [leading_to(other, HOME), leading_to(HOME, other)] {
                assert_eq!(ada.is_refused(CHECKOUT, variables).await, "BAD_USER_INPUT", "{other}");
            }
        }
        assert!(app.sandbox().requests().is_empty());
        assert_eq!(ada.opens_checkout("CORE").await["__typename"], "Checkout");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_stripe_nothing_is_sold() {
    on_both(
        |config| config.stripe = None,
        async |app| {
            let ada = app.signs_up("ada").await;
            assert_eq!(ada.is_refused(CHECKOUT, checkout("CORE")).await, "STRIPE_DISABLED");
            assert_eq!(ada.is_refused(PURCHASE, purchase(25)).await, "STRIPE_DISABLED");
            assert_eq!(
                ada.is_refused("mutation { cancelSubscription { __typename } }", json!({})).await,
                "STRIPE_DISABLED"
            );
            let config = ada.gets("{ stripeConfig { enabled publishableKey } }", json!({})).await;
            assert_eq!(config, json!({ "enabled": false, "publishableKey": null }));
            assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "FREE"));
        },
    )
    .await;
}
