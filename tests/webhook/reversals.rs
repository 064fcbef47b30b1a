//! Returned money reverses its credits, and money that comes back returns them.

use entity::event::Status;
use sandbox::{Outcome, Stage};
use serde_json::{Value, json};

use super::{
    accepts, entries_of, grant, known_user,
    payloads::{CORE, Money, PRO, Pack, Plan, STUDIO, Version, later},
    purchase, refund, stored,
};
use crate::{
    checkout::{credits_invoice, posts_to_stripe},
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
};

/// A user with a paid pack of 25 credits for $5.00.
async fn bought(app: &TestApp, name: &str) -> (Actor, Pack, Money) {
    let (user, customer) = known_user(app, name).await;
    let pack = Pack::new(&customer);
    accepts(app, [&pack.completed("paid")]).await;
    let money = Money::of_pack(&pack);
    (user, pack, money)
}

/// The state of a user's only payment: its status, the refunded amount, and the reversed credits.
async fn payment(user: &Actor) -> (String, i64, i64) {
    let payments = "{ payments { nodes { status refunded { amount } creditsReversed } } }";
    let payment = user.gets(payments, json!({})).await["nodes"][0].clone();
    let number = |value: &Value| value.as_i64().unwrap();
    let status = payment["status"].as_str().unwrap().to_owned();
    (status, number(&payment["refunded"]["amount"]), number(&payment["creditsReversed"]))
}

/// The payment intent of the newest succeeded charge at Stripe.
pub(super) fn newest_payment(app: &TestApp) -> String {
    let events = app.sandbox().events();
    let paid = events.iter().rev().find(|event| event["type"] == "payment_intent.succeeded").unwrap();
    paid["data"]["object"]["id"].as_str().unwrap().to_owned()
}

/// A subscriber of CORE who has upgraded to STUDIO for the difference, and the payment of the upgrade.
async fn upgraded_to_studio(app: &TestApp) -> (Actor, Money) {
    let (user, customer) = known_user(app, "sue").await;
    let plan = Plan::new(&customer, CORE);
    let studio = plan.at(STUDIO);
    let upgrade = studio.paid_for("subscription_update", &[(CORE.0, -499), (STUDIO.0, 2999)]);
    let money = Money::of_invoice(plan.version, &customer, &upgrade);
    let changed = json!({ "items": { "data": [{ "price": { "id": "price_core" } }] } });
    let changed = later(studio.updated("active", changed), 1);
    let events = [plan.created("active"), plan.paid("subscription_create"), changed, upgrade, money.linked()];
    accepts(app, &events).await;
    (user, money)
}

facts! {
    async fn a_refund_takes_its_share_of_the_credits_back(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        let paid = newest_payment(&app);
        app.sandbox().refund(&paid, Some(200)).unwrap();
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [purchase(25), refund(-10)]);
        assert_eq!(payment(&ada).await, ("PARTIALLY_REFUNDED".to_owned(), 200, 10));
        app.sandbox().refund(&paid, None).unwrap();
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [purchase(25), refund(-10), refund(-15)]);
        assert_eq!(payment(&ada).await, ("REFUNDED".to_owned(), 500, 25));
        let entries = "{ ledger(changeType: REFUND) { nodes { payment { status } } } }";
        let entries = ada.gets(entries, json!({})).await;
        assert_eq!(entries["nodes"][1]["payment"]["status"], "REFUNDED", "the entry names its payment");
    }

    async fn a_refund_that_fails_gives_the_credits_back(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        let refunded = app.sandbox().refund(&newest_payment(&app), None).unwrap();
        app.settles().await;
        assert_eq!(ada.credits().await, 0);
        app.sandbox().settle_refund(refunded["id"].as_str().unwrap(), false).unwrap();
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [purchase(25), refund(-25), refund(25)]);
        assert_eq!(payment(&ada).await, ("SUCCEEDED".to_owned(), 0, 0));
    }

    async fn a_refund_that_is_under_way_says_so_until_it_arrives(app: TestApp) {
        let pending = async |user: &Actor| {
            let payments = user.gets("{ payments { nodes { refundPending { amount } } } }", json!({})).await;
            payments["nodes"][0]["refundPending"]["amount"].as_i64().unwrap()
        };
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        assert_eq!(pending(&ada).await, 0);
        app.sandbox().hold_refunds(2);
        let [arrives, fails] = [200, 100].map(|part| app.sandbox().refund(&newest_payment(&app), Some(part)).unwrap());
        app.settles().await;
        assert_eq!((payment(&ada).await, pending(&ada).await), (("PARTIALLY_REFUNDED".to_owned(), 300, 15), 300));
        app.sandbox().settle_refund(arrives["id"].as_str().unwrap(), true).unwrap();
        app.settles().await;
        assert_eq!((payment(&ada).await, pending(&ada).await), (("PARTIALLY_REFUNDED".to_owned(), 300, 15), 100));
        app.sandbox().settle_refund(fails["id"].as_str().unwrap(), false).unwrap();
        app.settles().await;
        assert_eq!((payment(&ada).await, pending(&ada).await), (("PARTIALLY_REFUNDED".to_owned(), 200, 10), 0));
    }

    async fn a_dispute_holds_the_credits_until_it_is_won(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        let dispute = app.sandbox().dispute(&newest_payment(&app), Stage::Chargeback, None).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, payment(&ada).await), (0, ("DISPUTED".to_owned(), 0, 25)));
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Won).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, payment(&ada).await), (25, ("SUCCEEDED".to_owned(), 0, 0)));
    }

    async fn a_dispute_that_is_lost_keeps_the_credits(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        let dispute = app.sandbox().dispute(&newest_payment(&app), Stage::Chargeback, Some(100)).unwrap();
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Lost).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, payment(&ada).await), (20, ("DISPUTED".to_owned(), 0, 5)));
    }

    async fn an_inquiry_moves_nothing_unless_it_becomes_a_dispute(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(25).await;
        let dispute = app.sandbox().dispute(&newest_payment(&app), Stage::Inquiry, None).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, payment(&ada).await), (25, ("SUCCEEDED".to_owned(), 0, 0)));
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Escalated).unwrap();
        app.settles().await;
        assert_eq!((ada.credits().await, payment(&ada).await), (0, ("DISPUTED".to_owned(), 0, 25)));
    }

    async fn a_refund_may_take_more_than_is_left(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.buys(5).await;
        ada.exports("run-1", "key-1").await;
        app.sandbox().refund(&newest_payment(&app), None).unwrap();
        app.settles().await;
        assert_eq!(ada.credits().await, -3);
        assert_eq!(ada.exports("run-2", "key-2").await["__typename"], "InsufficientCredits");
    }

    async fn the_refund_of_a_subscriptions_invoice_takes_the_periods_credits_back(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        app.sandbox().refund(&newest_payment(&app), Some(500)).unwrap();
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [grant(100), refund(-33)]);
        app.sandbox().refund(&newest_payment(&app), None).unwrap();
        app.settles().await;
        assert_eq!(ada.credits().await, 0);
        assert_eq!(ada.tier().await, "PRO", "the subscription itself goes on");
    }

    async fn a_full_refund_ends_unlimited_exports_and_its_failure_brings_them_back(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let paid = newest_payment(&app);
        app.sandbox().refund(&paid, Some(900)).unwrap();
        app.settles().await;
        assert_eq!(sue.balance().await["unlimited"], true, "a part of it does not");
        let rest = app.sandbox().refund(&paid, None).unwrap();
        app.settles().await;
        assert_eq!(sue.balance().await["unlimited"], false);
        app.sandbox().settle_refund(rest["id"].as_str().unwrap(), false).unwrap();
        app.settles().await;
        assert_eq!(sue.balance().await["unlimited"], true);
    }

    async fn a_charges_figure_alone_suffices_and_so_do_its_refunds(app: TestApp) {
        let (ada, _, money) = bought(&app, "ada").await;
        accepts(&app, [&money.refunded(200), &money.later(1).refunded(300)]).await;
        assert_eq!(entries_of(&ada).await, [purchase(25), refund(-10), refund(-5)]);

        let (bob, _, money) = bought(&app, "bob").await;
        let created = |id, amount| money.refund("refund.created", id, (amount, "pending"));
        accepts(&app, [&created("re_b1", 200), &created("re_b2", 100)]).await;
        assert_eq!(entries_of(&bob).await, [purchase(25), refund(-10), refund(-5)]);
        accepts(&app, [&money.refunded(300), &money.refund("refund.updated", "re_b1", (200, "succeeded"))]).await;
        assert_eq!(bob.credits().await, 10, "both together count once");
    }

    async fn an_event_that_arrives_before_its_payment_applies_the_payment(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let pack = Pack::new(&customer);
        let money = Money::of_pack(&pack);
        let completed = pack.completed("paid");
        let early = [
            money.refunded(200),
            money.refund("refund.created", "re_1", (200, "succeeded")),
            money.dispute("funds_withdrawn", "du_1", (100, "needs_response")),
        ];
        app.stripe_has([&completed].into_iter().chain(&early));
        accepts(&app, [&early[2]]).await;
        assert_eq!((ada.credits().await, payment(&ada).await), (10, ("DISPUTED".to_owned(), 200, 15)));
        let before = entries_of(&ada).await;
        accepts(&app, early.iter().chain([&completed])).await;
        for event in early.iter().chain([&completed]) {
            assert_eq!(stored(&app, event).await.unwrap().status, Status::Applied);
        }
        assert_eq!(entries_of(&ada).await, before);
    }

    async fn a_refund_makes_its_invoice_known_in_every_shape(app: TestApp) {
        for version in Version::ALL {
            let (ada, customer) = known_user(&app, &format!("ada{}", version.name().replace(['.', '-'], ""))).await;
            let plan = Plan { version, ..Plan::new(&customer, CORE) };
            let paid = plan.paid("subscription_create");
            let money = Money::of_invoice(version, &customer, &paid);
            let (refund, link) = (money.refunded(499), money.linked());
            app.stripe_has([&paid, &link, &refund]);
            accepts(&app, [&refund]).await;
            assert_eq!(entries_of(&ada).await, [grant(25), super::refund(-25)], "{version:?}");
            accepts(&app, [&link, &paid]).await;
            assert_eq!(ada.credits().await, 0, "{version:?}");
        }
    }

    async fn each_invoice_of_a_period_stands_behind_its_share_of_the_credits(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let start = plan.paid("subscription_create");
        let upgrade = plan.paid_for("subscription_update", &[(CORE.0, -499), (PRO.0, 1499)]);
        let [first, second] = [&start, &upgrade].map(|paid| Money::of_invoice(plan.version, &customer, paid));
        accepts(&app, [&plan.created("active"), &start, &upgrade, &first.linked(), &second.linked()]).await;
        accepts(&app, [&second.refunded(1000)]).await;
        assert_eq!(ada.credits().await, 33, "two thirds of the period's money went back");
        accepts(&app, [&first.refunded(499)]).await;
        assert_eq!(ada.credits().await, 0);
    }

    async fn a_refund_of_the_first_invoice_takes_its_share_back(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let start = plan.paid("subscription_create");
        let upgrade = plan.paid_for("subscription_update", &[(CORE.0, -499), (PRO.0, 1499)]);
        let [first, second] = [&start, &upgrade].map(|paid| Money::of_invoice(plan.version, &customer, paid));
        accepts(&app, [&plan.created("active"), &start, &upgrade, &first.linked(), &second.linked()]).await;
        accepts(&app, [&first.refunded(499)]).await;
        assert_eq!(ada.credits().await, 67, "a third of the period's money went back");
    }

    async fn the_payments_of_a_period_pay_for_it_together_in_any_order_of_their_refunds(app: TestApp) {
        for (name, refunds) in [("ada", [(0, 499), (1, 500), (1, 1000)]), ("bob", [(1, 500), (0, 499), (1, 1000)])] {
            let (user, customer) = known_user(&app, name).await;
            let plan = Plan::new(&customer, CORE);
            let start = plan.paid("subscription_create");
            let upgrade = plan.paid_for("subscription_update", &[(CORE.0, -499), (PRO.0, 1499)]);
            let money = [&start, &upgrade].map(|paid| Money::of_invoice(plan.version, &customer, paid));
            let [first, second] = &money;
            accepts(&app, [&plan.created("active"), &start, &upgrade, &first.linked(), &second.linked()]).await;
            let (mut left, mut seconds) = (Vec::new(), 0);
            for (payment, amount) in refunds {
                seconds += 1;
                accepts(&app, [&money[payment].later(seconds).refunded(amount)]).await;
                left.push(user.credits().await);
            }
            // A third of the period's money, then two thirds, then all of it: never more than was granted.
            assert_eq!(left, [67, 33, 0], "{name}");
        }
    }

    async fn a_refunded_upgrade_to_studio_ends_unlimited_exports_and_leaves_the_share_that_was_paid(app: TestApp) {
        let (sue, money) = upgraded_to_studio(&app).await;
        assert_eq!(sue.balance().await["unlimited"], true);
        accepts(&app, [&money.refunded(2500)]).await;
        let balance = sue.balance().await;
        assert_eq!((&balance["unlimited"], &balance["credits"]), (&json!(false), &json!(4)));
    }

    async fn studio_bought_by_difference_and_half_charged_back_does_not_stay_unlimited(app: TestApp) {
        let (sue, money) = upgraded_to_studio(&app).await;
        accepts(&app, [&money.dispute("funds_withdrawn", "du_sue", (900, "needs_response"))]).await;
        assert_eq!(sue.balance().await["unlimited"], true, "less than a third");
        accepts(&app, [&money.dispute("funds_withdrawn", "du_sue", (1250, "needs_response"))]).await;
        assert_eq!(sue.balance().await["unlimited"], false);
    }

    async fn a_credit_note_counts_as_money_that_went_back(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let invoice = app.sandbox().events().into_iter().find(|event| event["type"] == "invoice.paid").unwrap();
        let invoice = invoice["data"]["object"]["id"].as_str().unwrap().to_owned();
        credits_invoice(&app, &invoice, "750").await;
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [grant(100), refund(-50)]);
    }

    async fn refunds_without_an_event_are_read_from_stripe(app: TestApp) {
        let ada = app.signs_up("ada").await;
        app.sandbox().set_webhook_urls(Vec::new());
        ada.pays(&ada.opens_checkout("CORE").await, GOOD_CARD).await;
        let plan = newest_payment(&app);
        ada.pays(&ada.opens_purchase(25).await, GOOD_CARD).await;
        let pack = newest_payment(&app);
        for paid in [&plan, &pack] {
            app.sandbox().refund(paid, Some(100)).unwrap();
        }
        // Only the refunds' events are delivered.
        let events: Vec<_> =
            app.sandbox().events().into_iter().filter(|event| event["type"] == "charge.refunded").collect();
        accepts(&app, &events).await;
        assert_eq!(ada.credits().await, 20 + 20);
        for event in &events {
            assert_eq!(stored(&app, event).await.unwrap().status, Status::Applied);
        }
    }

    async fn a_refund_that_turns_out_to_be_foreign_is_ignored(app: TestApp) {
        let stranger = posts_to_stripe(&app, "/v1/customers", &[]).await;
        let checkout = posts_to_stripe(&app, "/v1/checkout/sessions", &[
            ("mode", "subscription"),
            ("customer", stranger["id"].as_str().unwrap()),
            ("success_url", "https://patchhive.example/"),
            ("line_items[0][price]", "price_pro"),
            ("line_items[0][quantity]", "1"),
        ]).await;
        app.sandbox().pay(checkout["id"].as_str().unwrap(), GOOD_CARD).unwrap();
        app.sandbox().dispute(&newest_payment(&app), Stage::Chargeback, None).unwrap();
        app.settles().await;
        let of_kind = |kind: &str| {
            let events = app.sandbox().events();
            events.into_iter().rev().find(|event| event["type"] == kind).unwrap()
        };
        let (link, dispute) = (of_kind("invoice_payment.paid"), of_kind("charge.dispute.created"));
        for event in [&link, &dispute] {
            let stored = stored(&app, event).await.unwrap();
            assert_eq!((stored.status, stored.error.as_deref()), (Status::Ignored, Some("the customer is not ours")));
        }
    }

    async fn a_coupon_for_everything_grants_and_can_give_nothing_back(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let coupon = posts_to_stripe(&app, "/v1/coupons", &[("percent_off", "100"), ("duration", "once")]).await;
        let checkout = posts_to_stripe(&app, "/v1/checkout/sessions", &[
            ("mode", "subscription"),
            ("customer", &customer),
            ("success_url", "https://patchhive.example/"),
            ("line_items[0][price]", "price_pro"),
            ("line_items[0][quantity]", "1"),
            ("discounts[0][coupon]", coupon["id"].as_str().unwrap()),
        ]).await;
        ada.pays(&checkout, GOOD_CARD).await;
        app.settles().await;
        assert_eq!((entries_of(&ada).await, ada.tier().await), (vec![grant(100)], "PRO".to_owned()));
    }

    async fn payments_of_another_customer_are_ignored(app: TestApp) {
        let pack = Pack::new("cus_of_somebody_else");
        let money = Money::of_pack(&pack);
        let charge = money.refunded(500);
        let dispute = money.dispute("created", "du_1", (500, "needs_response"));
        accepts(&app, [&charge, &dispute, &pack.completed("paid")]).await;
        for event in [&charge, &dispute] {
            assert_eq!(stored(&app, event).await.unwrap().status, Status::Ignored);
        }
    }

    async fn a_deleted_customer_keeps_the_balance_and_loses_the_plan(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("STUDIO").await;
        ada.buys(25).await;
        let deleted = app.sandbox().events().iter().rev().find_map(|event| {
            (event["type"] == "checkout.session.completed").then(|| event["data"]["object"]["customer"].clone())
        });
        let customer = deleted.unwrap().as_str().unwrap().to_owned();
        let url = format!("http://{}/v1/customers/{customer}", app.sandbox().address());
        let answer = app.http().delete(url).bearer_auth("sk_test_any").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        app.settles().await;
        let balance = ada.balance().await;
        assert_eq!((&balance["credits"], &balance["unlimited"]), (&json!(25), &json!(false)));
        assert_eq!((ada.tier().await.as_str(), ada.subscription().await), ("FREE", Value::Null));
        ada.subscribes("CORE").await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 50));
        // Events about the deleted customer still concern her.
        app.sandbox().refund(&pack_payment(&app, &customer), None).unwrap();
        app.settles().await;
        assert_eq!(ada.credits().await, 25);
    }
}

/// The payment of the pack that a customer bought.
fn pack_payment(app: &TestApp, customer: &str) -> String {
    let events = app.sandbox().events();
    let session = events.iter().map(|event| &event["data"]["object"]).find(|object| {
        object["object"] == "checkout.session"
            && object["customer"] == customer
            && object["mode"] == "payment"
            && object["payment_status"] == "paid"
    });
    session.unwrap()["payment_intent"].as_str().unwrap().to_owned()
}
