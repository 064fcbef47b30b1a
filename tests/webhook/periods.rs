//! A paid period grants its credits once, whichever event shows the payment.

use serde_json::json;

use super::{
    accepts, entries_of, grant, known_user,
    payloads::{CORE, Money, PRO, Plan, Price, STUDIO, later, retold},
};
use crate::harness::{Actor, TestApp, facts};

/// A user in the first month of a plan.
async fn subscribed(app: &TestApp, name: &str, price: Price) -> (Actor, Plan) {
    let (user, customer) = known_user(app, name).await;
    let plan = Plan::new(&customer, price);
    accepts(app, [&plan.created("active"), &plan.paid("subscription_create")]).await;
    (user, plan)
}

facts! {
    async fn a_status_grants_nothing_and_a_bounced_first_debit_leaves_the_tier_without_credits(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        accepts(&app, [&plan.created("incomplete")]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "FREE"));
        let active = || plan.updated("active", json!({ "status": "incomplete" }));
        accepts(&app, [&active(), &active()]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "CORE"), "its first invoice is processing");
        let mut bounced = plan.paid("subscription_create");
        bounced["type"] = "invoice.payment_failed".into();
        bounced["data"]["object"]["status"] = "open".into();
        accepts(&app, [&bounced]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "CORE"), "as long as Stripe says active");
        accepts(&app, [&plan.paid("subscription_create")]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    }

    async fn a_renewals_update_grants_nothing_and_its_invoice_does(app: TestApp) {
        let (ada, plan) = subscribed(&app, "ada", CORE).await;
        let next = plan.renewed();
        let item = json!({ "current_period_end": plan.end, "price": { "id": "price_core" } });
        let rolled = json!({ "items": { "data": [item] } });
        accepts(&app, [&next.updated("active", rolled)]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
        assert_eq!(ada.tier().await, "CORE");
        accepts(&app, [&next.paid("subscription_cycle")]).await;
        assert_eq!(entries_of(&ada).await, [grant(25), grant(25)]);
    }

    async fn a_renewals_invoice_may_come_before_its_update(app: TestApp) {
        let (ada, plan) = subscribed(&app, "ada", PRO).await;
        let next = plan.renewed();
        let rolled = next.updated("active", json!({ "latest_invoice": "in_test" }));
        accepts(&app, [&next.paid("subscription_cycle"), &rolled]).await;
        assert_eq!(entries_of(&ada).await, [grant(100), grant(100)]);
    }

    async fn a_studio_renewal_whose_money_went_back_ends_unlimited_exports_at_once(app: TestApp) {
        let (sue, customer) = known_user(&app, "sue").await;
        let next = Plan::new(&customer, STUDIO);
        let plan = Plan { start: next.start - (next.end - next.start), end: next.start, ..next.clone() };
        let paid = next.paid("subscription_cycle");
        let money = Money::of_invoice(next.version, &customer, &paid);
        let unlimited = async || sue.balance().await["unlimited"].clone();
        accepts(&app, [&plan.created("active"), &plan.paid("subscription_create")]).await;
        assert_eq!(unlimited().await, true, "the grace of the period before");
        let rolled = next.updated("active", json!({ "latest_invoice": "in_test" }));
        accepts(&app, [&rolled, &paid, &money.linked()]).await;
        accepts(&app, [&money.dispute("funds_withdrawn", "du_sue", (STUDIO.1, "needs_response"))]).await;
        assert_eq!(unlimited().await, false);
        accepts(&app, [&money.later(10).dispute("closed", "du_sue", (STUDIO.1, "won"))]).await;
        assert_eq!(unlimited().await, true);
        accepts(&app, [&money.later(20).refunded(STUDIO.1)]).await;
        assert_eq!(unlimited().await, false);
    }

    async fn the_plans_own_item_has_the_period_whatever_is_listed_before_it(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let mut created = plan.created("active");
        let items = created["data"]["object"]["items"]["data"].as_array_mut().unwrap();
        let mut yearly = items[0].clone();
        yearly["id"] = "si_of_a_year".into();
        yearly["price"]["id"] = "price_of_something_else".into();
        yearly["current_period_end"] = (plan.start + 365 * 24 * 60 * 60).into();
        items.insert(0, yearly);
        accepts(&app, [&created, &plan.paid("subscription_create")]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
        let end = ada.subscription().await["currentPeriodEnd"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
        assert_eq!(end.unwrap().timestamp(), plan.end);
    }

    async fn a_change_that_is_no_payment_grants_nothing(app: TestApp) {
        let (ada, plan) = subscribed(&app, "ada", CORE).await;
        let of_core = json!({ "items": { "data": [{ "price": { "id": "price_core" } }] } });
        accepts(&app, [
            &later(plan.updated("active", json!({ "metadata": { "tier": "PRO" } })), 1),
            &later(plan.updated("past_due", json!({ "status": "active" })), 2),
            &later(plan.updated("active", json!({ "status": "past_due" })), 3),
            &later(plan.at(PRO).updated("active", of_core), 4),
        ]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
        assert_eq!(ada.tier().await, "PRO");
    }

    async fn an_upgrades_invoice_grants_the_share_of_its_time(app: TestApp) {
        let (ada, plan) = subscribed(&app, "ada", CORE).await;
        let upgrade = plan.paid_for("subscription_update", &[(CORE.0, -499), (PRO.0, 1499)]);
        accepts(&app, [&upgrade]).await;
        assert_eq!(entries_of(&ada).await, [grant(25), grant(75)]);
        // Back and forth with a credit: nothing is gained by it.
        let downgrade = plan.paid_for("subscription_update", &[(PRO.0, -750), (CORE.0, 250)]);
        let again = plan.paid_for("manual", &[(CORE.0, -250), (PRO.0, 750)]);
        accepts(&app, [&downgrade, &again]).await;
        assert_eq!(entries_of(&ada).await, [grant(25), grant(75), grant(-38), grant(38)]);
    }

    async fn a_first_invoice_by_quote_and_a_manual_one_grant_like_any_other(app: TestApp) {
        for reason in ["quote_accept", "manual", "subscription_threshold"] {
            let (ada, customer) = known_user(&app, &format!("ada-{}", reason.replace('_', "-"))).await;
            let plan = Plan::new(&customer, CORE);
            accepts(&app, [&plan.created("active"), &plan.paid(reason)]).await;
            assert_eq!((entries_of(&ada).await, ada.tier().await.as_str()), (vec![grant(25)], "CORE"), "{reason}");
        }
    }

    async fn quantities_count_and_the_highest_of_several_plans_is_the_tier(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let mut created = plan.created("active");
        let items = created["data"]["object"]["items"]["data"].as_array_mut().unwrap();
        let mut second = items[0].clone();
        (second["id"], second["price"]["id"]) = ("si_2".into(), PRO.0.into());
        items.push(second);
        let mut paid = plan.paid_for("subscription_create", &[(CORE.0, 998), PRO]);
        paid["data"]["object"]["lines"]["data"][0]["quantity"] = 2.into();
        accepts(&app, [&created, &paid]).await;
        assert_eq!((entries_of(&ada).await, ada.tier().await.as_str()), (vec![grant(150)], "PRO"));
    }

    async fn every_line_is_read(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let lines: Vec<_> = (0..24).map(|_| CORE).collect();
        let mut paid = plan.paid_for("subscription_create", &lines);
        app.stripe_has([&paid]);
        let shown = paid["data"]["object"]["lines"]["data"].as_array().unwrap()[..10].to_vec();
        paid["data"]["object"]["lines"]["data"] = shown.into();
        paid["data"]["object"]["lines"]["has_more"] = true.into();
        accepts(&app, [&paid]).await;
        assert_eq!(entries_of(&ada).await, [grant(24 * 25)]);
    }

    async fn an_invoice_shows_its_subscription_even_if_it_must_be_read_itself(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let mut paid = plan.paid("subscription_create");
        app.stripe_has([&paid, &plan.created("active")]);
        paid["data"]["object"]["lines"]["has_more"] = true.into();
        accepts(&app, [&paid]).await;
        assert_eq!((ada.tier().await.as_str(), entries_of(&ada).await), ("CORE", vec![grant(25)]));
    }

    async fn an_invoice_of_which_a_part_is_paid_grants_nothing_until_all_is(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let paid = plan.paid("subscription_create");
        let mut part = retold(&paid, "invoice.payment_succeeded");
        part["data"]["object"]["status"] = "open".into();
        accepts(&app, [&plan.created("active"), &part]).await;
        assert_eq!(ada.credits().await, 0);
        accepts(&app, [&paid]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    }

    async fn another_currency_grants_the_same(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let in_euros = |mut event: serde_json::Value| {
            event["data"]["object"]["currency"] = "eur".into();
            event
        };
        accepts(&app, [&plan.created("active"), &in_euros(plan.paid("subscription_create"))]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
        let upgrade = plan.paid_for("subscription_update", &[(CORE.0, -450), (PRO.0, 1350)]);
        accepts(&app, [&in_euros(upgrade)]).await;
        let credits = ada.credits().await;
        assert_eq!(credits, 93, "the time that the lines cover decides");
    }

    async fn an_upgrades_invoice_may_come_before_the_first_one(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let upgrade = plan.paid_for("subscription_update", &[(CORE.0, -499), (PRO.0, 1499)]);
        accepts(&app, [&upgrade, &plan.created("active"), &plan.paid("subscription_create")]).await;
        assert_eq!(ada.credits().await, 100);
    }

    async fn an_upgrade_to_studio_grants_no_credits_and_unlimited_exports(app: TestApp) {
        let (sue, plan) = subscribed(&app, "sue", CORE).await;
        let studio = plan.at(STUDIO);
        let changed = json!({ "items": { "data": [{ "price": { "id": "price_core" } }] } });
        accepts(&app, [
            &later(studio.updated("active", changed), 1),
            &studio.paid_for("subscription_update", &[(CORE.0, -480), (STUDIO.0, 2900)]),
        ]).await;
        let balance = sue.balance().await;
        assert_eq!((&balance["credits"], &balance["unlimited"]), (&json!(25), &json!(true)));
        assert_eq!(sue.tier().await, "STUDIO");
    }

    async fn a_period_grants_the_same_in_any_order_of_its_payments(app: TestApp) {
        let (sue, customer) = known_user(&app, "sue").await;
        let plan = Plan::new(&customer, CORE);
        let studio = plan.at(STUDIO);
        accepts(&app, [
            &studio.paid_for("subscription_update", &[(CORE.0, -480), (STUDIO.0, 2900)]),
            &studio.created("active"),
            &plan.paid("subscription_create"),
        ]).await;
        assert_eq!(sue.credits().await, 25);
    }

    async fn a_trial_gives_the_tier_and_its_zero_invoice_grants_nothing(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let trial = Plan::new(&customer, CORE);
        accepts(&app, [&trial.created("trialing"), &trial.paid_for("subscription_create", &[(CORE.0, 0)])]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "CORE"));
        let month = trial.renewed();
        accepts(&app, [&month.updated("active", json!({ "status": "trialing" }))]).await;
        assert_eq!(ada.credits().await, 0);
        accepts(&app, [&month.paid("subscription_cycle")]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    }

    async fn a_subscription_that_is_paid_by_invoice_grants_when_the_invoice_is_paid(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan { collection_method: "send_invoice", ..Plan::new(&customer, CORE) };
        accepts(&app, [&plan.created("active")]).await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "CORE"));
        accepts(&app, [&plan.paid("subscription_create")]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    }

    async fn a_plan_that_is_past_due_gives_no_tier_and_is_not_gone(app: TestApp) {
        let (sue, plan) = subscribed(&app, "sue", STUDIO).await;
        assert_eq!(sue.balance().await["unlimited"], true);
        for (seconds, status) in [(1, "past_due"), (2, "unpaid"), (3, "paused")] {
            accepts(&app, [&later(plan.updated(status, json!({})), seconds)]).await;
            assert_eq!(sue.tier().await, "FREE");
            assert_eq!(sue.balance().await["unlimited"], false);
            assert_eq!(sue.subscription().await["status"], status.to_uppercase());
            assert_eq!(sue.opens_checkout("CORE").await["__typename"], "AlreadySubscribed");
        }
        accepts(&app, [&later(plan.updated("active", json!({ "status": "paused" })), 4)]).await;
        assert_eq!(sue.tier().await, "STUDIO");
        assert_eq!(sue.balance().await["unlimited"], true);
    }

    async fn a_plan_whose_first_payment_never_came_is_gone(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let expired = later(plan.updated("incomplete_expired", json!({ "status": "incomplete" })), 10);
        accepts(&app, [&plan.created("incomplete"), &expired]).await;
        assert_eq!(ada.credits().await, 0);
        assert_eq!(ada.subscription().await, json!(null));
        assert_eq!(ada.opens_checkout("CORE").await["__typename"], "Checkout");
    }
}
