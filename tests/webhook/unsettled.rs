//! An event that cannot be applied is stored with its error, and applied once it can be.

use entity::{Tier, event::Status, work::Kind};
use patch_hive::{
    config::{Config, PriceIds},
    jobs,
};
use serde_json::json;

use super::{
    accepts, entries_of, grant, known_user,
    payloads::{CORE, Plan, Price, retold},
    stored,
};
use crate::{
    checkout::on_both,
    harness::{TestApp, facts},
};

const UNKNOWN: Price = ("price_of_last_year", 399);

/// Configures a gateway that does not recognize the price of CORE that the sandbox sells.
pub(crate) fn without_the_price(config: &mut Config) {
    sell_core_by(config, "price_of_another_core");
}

pub(crate) fn with_the_price(config: &mut Config) {
    sell_core_by(config, "price_core");
}

fn sell_core_by(config: &mut Config, price: &str) {
    let one = |id: &str| vec![id.to_owned()];
    let prices = vec![(Tier::Core, one(price)), (Tier::Pro, one("price_pro")), (Tier::Studio, one("price_studio"))];
    config.stripe.as_mut().unwrap().prices = PriceIds::new(prices).unwrap();
}

facts! {
    async fn an_unknown_price_is_stored_as_failed_with_its_error_and_posts_nothing(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, UNKNOWN);
        for event in [plan.created("active"), plan.paid("subscription_create")] {
            accepts(&app, [&event]).await;
            let stored = stored(&app, &event).await.unwrap();
            assert_eq!((stored.status, stored.applied_at), (Status::Failed, None));
            assert_eq!(
                stored.error.as_deref(),
                Some("the price price_of_last_year is not among STRIPE_PRICE_ID_CORE, _PRO and _STUDIO"),
            );
        }
        assert_eq!(ada.balance().await["version"], 0);
        assert_eq!(ada.tier().await, "FREE");
    }

    async fn items_sold_along_with_a_plan_do_not_withhold_its_credits(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let invoice = Plan::new(&customer, CORE).paid_for("subscription_create", &[UNKNOWN, CORE]);
        accepts(&app, [&invoice]).await;
        assert_eq!(stored(&app, &invoice).await.unwrap().status, Status::Applied);
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    }

    async fn an_invoice_for_other_items_does_not_withhold_the_state_of_its_subscription(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        accepts(&app, [&plan.created("active"), &plan.paid("subscription_create")]).await;
        let other = plan.paid_for("subscription_update", &[UNKNOWN]);
        let mut ending = plan.updated("active", json!({ "cancel_at_period_end": false }));
        ending["data"]["object"]["cancel_at_period_end"] = true.into();
        ending["data"]["object"]["latest_invoice"] = other["data"]["object"]["id"].clone();
        app.stripe_has([&other, &ending]);
        accepts(&app, [&ending]).await;
        assert_eq!(ada.subscription().await["cancelAtPeriodEnd"], true);
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    }

    async fn a_failed_event_is_tried_again_when_it_is_sent_again(app: TestApp) {
        let (_, customer) = known_user(&app, "ada").await;
        let event = Plan::new(&customer, UNKNOWN).created("active");
        accepts(&app, [&event, &event, &event]).await;
        let stored = stored(&app, &event).await.unwrap();
        assert_eq!((stored.status, stored.attempts), (Status::Failed, 3));
    }

    async fn an_irrelevant_event_is_ignored_with_its_reason(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let paid = Plan::new(&customer, CORE).paid("subscription_create");
        for kind in ["checkout.session.expired", "invoice.created"] {
            let event = retold(&paid, kind);
            accepts(&app, [&event]).await;
            let stored = stored(&app, &event).await.unwrap();
            assert_eq!(stored.status, Status::Ignored, "{kind}");
            assert!(stored.error.is_some(), "{kind}");
        }
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn a_status_that_stripe_invents_is_stored_with_its_error(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let event = Plan::new(&customer, CORE).created("hibernating");
        accepts(&app, [&event]).await;
        let stored = stored(&app, &event).await.unwrap();
        let error = stored.error.unwrap_or_default();
        assert_eq!(stored.status, Status::Failed);
        assert!(error.contains("subscription: status: unknown variant `hibernating`"), "{error}");
        assert_eq!(ada.tier().await, "FREE");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_the_price_is_known_what_failed_is_applied_once() {
    on_both(without_the_price, async |app| {
        let (ada, customer) = known_user(&app, "ada").await;
        let plan = Plan::new(&customer, CORE);
        let events = [plan.created("active"), plan.paid("subscription_create")];
        accepts(&app, &events).await;
        assert_eq!(ada.balance().await["version"], 0);

        app.restarts_with(with_the_price).await;
        assert_eq!(jobs::work_off(&app.inside().await, Kind::Event).await.unwrap(), 0, "not at once");
        app.works_off(Kind::Event).await;
        app.works_off(Kind::Look).await;
        for event in &events {
            let stored = stored(&app, event).await.unwrap();
            assert_eq!((stored.status, stored.error), (Status::Applied, None));
            assert!(stored.applied_at.is_some());
        }
        assert_eq!(ada.tier().await, "CORE");
        accepts(&app, &[retold(&events[1], "invoice.payment_succeeded")]).await;
        app.settles().await;
        assert_eq!(app.works_off(Kind::Event).await, 0);
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    })
    .await;
}
