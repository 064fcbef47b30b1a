//! Everyone who has paid has invoices, and the invoice of a pack grants no credits.

use std::time::Duration;

use chrono::TimeDelta;
use patch_hive::sync;
use sandbox::Stage;
use serde_json::{Value, json};

use crate::{
    checkout::{at_stripe, credits_invoice, customer_of, posts_to_stripe},
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
    reconcile::loses_webhooks,
    subscription::newest,
    webhook::{
        entries_of, known_user,
        payloads::{self, Version},
        purchase,
    },
};

const INVOICES: &str = "query ($first: Int, $after: String) { invoices(first: $first, after: $after) { \
    nodes { id number createdAt period { start end } credits lines { description quantity amount { amount currency } } \
    total { amount currency } tax { amount currency } amountDue { amount } status pageUrl pdfUrl } \
    pageInfo { hasNextPage hasPreviousPage endCursor } } }";

async fn invoices(user: &Actor) -> Vec<Value> {
    user.gets(INVOICES, json!({})).await["nodes"].as_array().unwrap().clone()
}

async fn totals(user: &Actor) -> Vec<i64> {
    invoices(user).await.iter().map(|invoice| invoice["total"]["amount"].as_i64().unwrap()).collect()
}

fn cents(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

/// The number of times that invoices were listed at Stripe.
fn lists(app: &TestApp) -> u64 {
    app.sandbox().requests().get("GET /v1/invoices").copied().unwrap_or_default()
}

/// Voids the credit note of an invoice, which the sandbox allows nobody to do once the invoice is paid. Returns the event
/// about it.
async fn voids_credit_note(app: &TestApp, invoice: &str) -> Value {
    let mut note = at_stripe(app, &format!("/v1/credit_notes?invoice={invoice}")).await["data"][0].clone();
    note["status"] = "void".into();
    app.sandbox().adopt(note.clone());
    let mut invoice = app.sandbox().object(invoice).unwrap();
    invoice["post_payment_credit_notes_amount"] = 0.into();
    app.sandbox().adopt(invoice);
    payloads::event(Version::Endive, "credit_note.voided", app.sandbox().now(), note)
}

/// Buys a pack of 40 credits for $8.00, and returns the invoice.
async fn buys_pack(user: &Actor) -> String {
    user.buys(40).await;
    invoices(user).await.remove(0)["id"].as_str().unwrap().to_owned()
}

/// The newest event of a type that the sandbox has.
fn event(app: &TestApp, kind: &str) -> Value {
    let events = app.sandbox().events();
    events.into_iter().rev().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

facts! {
    async fn a_subscriber_has_an_invoice_for_each_period(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let subscription = ada.subscription().await;
        let invoice = invoices(&ada).await.remove(0);
        let number = invoice["number"].as_str().unwrap();
        assert!(number.ends_with("-0001"), "{number}");
        let period = json!({ "start": subscription["currentPeriodStart"], "end": subscription["currentPeriodEnd"] });
        assert_eq!(invoice["period"], period);
        assert_eq!((&invoice["status"], &invoice["total"], &invoice["tax"]), (&json!("PAID"), &cents(499), &cents(0)));
        assert_eq!((&invoice["amountDue"]["amount"], &invoice["credits"]), (&json!(0), &Value::Null));
        let line = &invoice["lines"][0];
        assert_eq!((&line["quantity"], &line["amount"]), (&json!(1), &cents(499)));
        assert!(line["description"].as_str().unwrap().contains("$4.99"), "{line}");
        let page = app.http().get(invoice["pageUrl"].as_str().unwrap()).send().await.unwrap().text().await.unwrap();
        assert!(page.contains(number), "{page}");
        let pdf = app.http().get(invoice["pdfUrl"].as_str().unwrap()).send().await.unwrap();
        assert!(pdf.bytes().await.unwrap().starts_with(b"%PDF"));
        app.sandbox().renew(newest(&app).await["id"].as_str().unwrap()).await.unwrap();
        app.settles().await;
        assert_eq!(totals(&ada).await, [499, 499]);
    }

    async fn a_pack_has_an_invoice_without_a_period(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(40).await;
        let invoice = invoices(&ada).await.remove(0);
        assert_eq!((&invoice["status"], &invoice["total"], &invoice["period"]), (&json!("PAID"), &cents(800), &Value::Null));
        assert_eq!(invoice["credits"], 40);
        assert_eq!(invoice["lines"], json!([
            { "description": "40 Patch-Hive credits", "quantity": 1, "amount": cents(800) },
        ]));
        assert_eq!(entries_of(&ada).await, [purchase(40)]);
        let stored = at_stripe(&app, &format!("/v1/invoices/{}", invoice["id"].as_str().unwrap())).await;
        assert_eq!((&stored["metadata"]["credits"], &stored["metadata"]["purchase_type"]), (&json!("40"), &json!("one_time")));
    }

    async fn a_bank_payment_has_its_invoice_once_the_money_is_there(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_purchase(40).await;
        ada.pays(&checkout, "000123456789").await;
        app.settles().await;
        assert_eq!(totals(&ada).await, [0_i64; 0]);
        app.sandbox().settle_delayed(checkout["id"].as_str().unwrap(), true).unwrap();
        app.settles().await;
        assert_eq!((totals(&ada).await, ada.credits().await), (vec![800], 40));
    }

    async fn a_pack_is_granted_once_whatever_is_reported_first(app: TestApp) {
        let kinds = ["checkout.session.completed", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid"];
        for first in 0..kinds.len() {
            let (user, _) = known_user(&app, &format!("ada{first}")).await;
            app.settles().await;
            app.sandbox().set_webhook_urls(Vec::new());
            user.pays(&user.opens_purchase(40).await, GOOD_CARD).await;
            let events: Vec<_> = kinds.iter().map(|kind| event(&app, kind)).collect();
            // Each order begins with another event, and every event comes twice.
            let mut credits = 0;
            for place in (first..first + kinds.len()).chain(first..first + kinds.len()) {
                let kind = kinds[place % kinds.len()];
                assert_eq!(app.receives(&events[place % kinds.len()]).await.0, 200);
                app.has_looked().await;
                if kind == "checkout.session.completed" {
                    credits = 40;
                }
                assert_eq!(user.credits().await, credits, "{first}: {kind}");
            }
            assert_eq!(entries_of(&user).await, [purchase(40)]);
        }
    }

    async fn a_refund_that_is_reported_before_its_pack_is_reversed(app: TestApp) {
        let (ada, _) = known_user(&app, "ada").await;
        app.settles().await;
        app.sandbox().set_webhook_urls(Vec::new());
        ada.pays(&ada.opens_purchase(40).await, GOOD_CARD).await;
        let payment = event(&app, "payment_intent.succeeded")["data"]["object"]["id"].as_str().unwrap().to_owned();
        app.sandbox().refund(&payment, Some(400)).unwrap();
        for kind in ["charge.refunded", "invoice_payment.paid", "invoice.paid", "checkout.session.completed"] {
            assert_eq!(app.receives(&event(&app, kind)).await.0, 200);
            app.has_looked().await;
            assert_eq!(ada.credits().await, 20, "{kind}");
        }
        assert_eq!(entries_of(&ada).await, [purchase(40), ("REFUND".to_owned(), -20)]);
    }

    async fn a_credit_note_for_a_pack_reverses_its_share_of_the_credits(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(40).await;
        let invoice = invoices(&ada).await.remove(0)["id"].as_str().unwrap().to_owned();
        credits_invoice(&app, &invoice, "200").await;
        app.settles().await;
        assert_eq!(ada.credits().await, 30);
        // Lost and found again: the hourly run looks at invoices with credit notes.
        sync::reconcile_due(&app.inside().await).await.unwrap();
        assert_eq!(ada.credits().await, 30);
        assert_eq!(entries_of(&ada).await, [purchase(40), ("REFUND".to_owned(), -10)]);
    }

    async fn a_credit_note_for_a_pack_that_is_voided_returns_its_credits_once(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let invoice = buys_pack(&ada).await;
        credits_invoice(&app, &invoice, "200").await;
        app.settles().await;
        assert_eq!(ada.credits().await, 30);
        let voided = voids_credit_note(&app, &invoice).await;
        for _ in 0..2 {
            assert_eq!(app.receives(&voided).await.0, 200);
            app.has_looked().await;
            assert_eq!(ada.credits().await, 40);
        }
        sync::reconcile_due(&app.inside().await).await.unwrap();
        assert_eq!(entries_of(&ada).await, [purchase(40), ("REFUND".to_owned(), -10), ("REFUND".to_owned(), 10)]);
    }

    async fn a_credit_note_for_a_pack_whose_event_is_lost_is_found_and_so_is_its_end(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let invoice = buys_pack(&ada).await;
        app.settles().await;
        loses_webhooks(&app);
        credits_invoice(&app, &invoice, "200").await;
        // Stripe forgets its events.
        app.sandbox().advance(Duration::from_hours(40 * 24)).await;
        let reconciles = async || sync::reconcile(&app.inside().await, TimeDelta::days(100)).await.unwrap().repaired();
        assert_eq!(ada.credits().await, 40);
        assert_eq!((reconciles().await, ada.credits().await), (1, 30));
        assert_eq!((reconciles().await, ada.credits().await), (0, 30));
        voids_credit_note(&app, &invoice).await;
        app.sandbox().advance(Duration::from_hours(50 * 24)).await;
        assert_eq!((reconciles().await, ada.credits().await), (1, 40));
        assert_eq!((reconciles().await, ada.credits().await), (0, 40));
        assert_eq!(entries_of(&ada).await, [purchase(40), ("REFUND".to_owned(), -10), ("REFUND".to_owned(), 10)]);
    }

    async fn a_voided_credit_note_of_a_plan_or_a_pack_is_found_within_a_hundred_days(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.subscribes("CORE").await;
        ada.cancels().await;
        let plan = newest(&app).await["latest_invoice"].as_str().unwrap().to_owned();
        let pack = buys_pack(&bob).await;
        app.settles().await;
        loses_webhooks(&app);
        let reconciles = async || sync::reconcile(&app.inside().await, TimeDelta::days(100)).await.unwrap();
        let credits = async || (ada.credits().await, bob.credits().await);
        for (days, found) in [(90, (25, 40)), (20, (15, 30))] {
            for (invoice, amount) in [(&plan, "200"), (&pack, "200")] {
                credits_invoice(&app, invoice, amount).await;
            }
            reconciles().await;
            assert_eq!(credits().await, (15, 30));
            voids_credit_note(&app, &plan).await;
            voids_credit_note(&app, &pack).await;
            app.sandbox().advance(Duration::from_hours(days * 24)).await;
            reconciles().await;
            assert_eq!(credits().await, found, "after {days} more days");
        }
    }

    async fn a_credit_note_that_is_reported_before_its_pack_is_reversed(app: TestApp) {
        let (ada, _) = known_user(&app, "ada").await;
        app.settles().await;
        app.sandbox().set_webhook_urls(Vec::new());
        ada.pays(&ada.opens_purchase(40).await, GOOD_CARD).await;
        let invoice = event(&app, "invoice.paid")["data"]["object"]["id"].as_str().unwrap().to_owned();
        credits_invoice(&app, &invoice, "400").await;
        for kind in ["credit_note.created", "invoice_payment.paid", "checkout.session.completed"] {
            assert_eq!(app.receives(&event(&app, kind)).await.0, 200);
            app.has_looked().await;
            assert_eq!(ada.credits().await, 20, "{kind}");
        }
        assert_eq!(entries_of(&ada).await, [purchase(40), ("REFUND".to_owned(), -20)]);
    }

    async fn an_invoice_says_what_was_returned_of_it(app: TestApp) {
        const RETURNED: &str = "{ invoices { nodes { status refunded { amount currency } disputed { amount currency } } } }";
        let ada = app.signs_up("ada").await;
        let pay = || event(&app, "payment_intent.succeeded")["data"]["object"]["id"].as_str().unwrap().to_owned();
        let returned = async || ada.gets(RETURNED, json!({})).await["nodes"].clone();
        let of = |refunded: i64, disputed: i64| {
            json!({ "status": "PAID", "refunded": cents(refunded), "disputed": cents(disputed) })
        };
        ada.subscribes("CORE").await;
        let plan = pay();
        let pack = buys_pack(&ada).await;
        app.settles().await;
        assert_eq!(returned().await, json!([of(0, 0), of(0, 0)]));
        app.sandbox().refund(&plan, Some(200)).unwrap();
        credits_invoice(&app, &pack, "300").await;
        app.settles().await;
        assert_eq!(returned().await, json!([of(300, 0), of(200, 0)]));
        app.sandbox().dispute(&plan, Stage::Chargeback, Some(299)).unwrap();
        app.sandbox().refund(&pay(), Some(100)).unwrap();
        app.settles().await;
        assert_eq!(returned().await, json!([of(400, 0), of(200, 299)]));
    }

    async fn the_list_has_pages_from_the_newest_to_the_oldest(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for credits in [30, 40, 50] {
            ada.buys(credits).await;
        }
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = ada.gets(INVOICES, json!({ "first": 1, "after": after })).await;
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
            seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["total"]["amount"].as_i64().unwrap()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, [1000, 800, 600]);
        let empty = ada.gets(INVOICES, json!({ "first": 0 })).await;
        assert_eq!(empty["nodes"], json!([]));
    }

    async fn drafts_are_no_invoices_yet(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let customer = customer_of(&app, &ada.opens_purchase(30).await).await;
        ada.buys(30).await;
        for _ in 0..2 {
            posts_to_stripe(&app, "/v1/invoices", &[("customer", &customer)]).await;
        }
        assert_eq!(totals(&ada).await, [600]);
        let page = ada.gets(INVOICES, json!({ "first": 1 })).await;
        assert_eq!(page["nodes"][0]["total"]["amount"], 600, "drafts take no place on a page");
        assert_eq!(page["pageInfo"]["hasNextPage"], false);
    }

    async fn a_renewal_that_was_declined_is_an_open_invoice(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 20).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;
        let open = invoices(&ada).await.remove(0);
        assert_eq!((&open["status"], &open["amountDue"]["amount"]), (&json!("OPEN"), &json!(1499)));
        assert!(open["pageUrl"].is_string(), "{open}");
    }

    async fn invoices_of_a_deleted_customer_stay_in_the_list(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let customer = customer_of(&app, &ada.opens_purchase(30).await).await;
        ada.buys(30).await;
        ada.buys(40).await;
        let url = format!("http://{}/v1/customers/{customer}", app.sandbox().address());
        assert_eq!(app.http().delete(url).bearer_auth("sk_test_tests").send().await.unwrap().status(), 200);
        app.settles().await;
        assert_eq!(totals(&ada).await, [800, 600]);
        ada.buys(50).await;
        assert_eq!(totals(&ada).await, [1000, 800, 600]);
        let first = ada.gets(INVOICES, json!({ "first": 2 })).await;
        let after = &first["pageInfo"]["endCursor"];
        let second = ada.gets(INVOICES, json!({ "first": 2, "after": after })).await;
        let amounts: Vec<_> = second["nodes"].as_array().unwrap().iter().map(|node| node["total"]["amount"].clone()).collect();
        assert_eq!((amounts, &second["pageInfo"]["hasNextPage"]), (vec![json!(600)], &json!(false)));
    }

    async fn nobody_sees_the_invoices_of_others(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.buys(30).await;
        let cursor = ada.gets(INVOICES, json!({})).await["pageInfo"]["endCursor"].clone();
        let before = lists(&app);
        assert_eq!(bob.gets(INVOICES, json!({})).await["nodes"], json!([]));
        assert_eq!(bob.is_refused(INVOICES, json!({ "after": cursor })).await, "BAD_USER_INPUT");
        for odd in ["", "42", "bm90IGEgY3Vyc29y", "eyJjdXN0b21lciI6IiJ9"] {
            assert_eq!(ada.is_refused(INVOICES, json!({ "after": odd })).await, "BAD_USER_INPUT", "{odd}");
        }
        for first in [-1, 101] {
            assert_eq!(ada.is_refused(INVOICES, json!({ "first": first })).await, "BAD_USER_INPUT", "{first}");
        }
        assert_eq!(app.visitor().is_refused(INVOICES, json!({})).await, "UNAUTHENTICATED");
        assert_eq!(lists(&app), before, "none of these is a call to Stripe");
        bob.buys(40).await;
        assert_eq!((totals(&ada).await, totals(&bob).await), (vec![600], vec![800]));
    }
}
