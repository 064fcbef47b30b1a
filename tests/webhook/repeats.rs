//! A fact is posted once, however often and by whichever events it is reported.

use entity::event::Status;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    accepts, entries_of, grant, inbox, known_user,
    payloads::{CORE, Pack, Plan, retold},
    purchase, stored,
};
use crate::harness::{TestApp, facts};

/// Sends events all at once.
async fn accepts_at_once<'a>(app: &TestApp, events: impl IntoIterator<Item = &'a Value>) {
    let answers = join_all(events.into_iter().map(|event| app.receives(event))).await;
    for (status, answer) in answers {
        assert_eq!(status, 200, "{answer}");
    }
}

facts! {
    async fn an_event_that_comes_ten_times_is_applied_once(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let pack = Pack::new(&customer).completed("paid");
        accepts(&app, [&pack; 10]).await;
        let stored = stored(&app, &pack).await.unwrap();
        assert_eq!((stored.status, stored.attempts), (Status::Applied, 1));
        assert_eq!(entries_of(&ada).await, [purchase(25)]);
    }

    async fn an_event_that_comes_ten_times_at_once_is_applied_once(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let (pack, created) = (Pack::new(&customer).completed("paid"), Plan::new(&customer, CORE).created("active"));
        accepts_at_once(&app, [&pack; 10].into_iter().chain([&created; 10])).await;
        for event in [&pack, &created] {
            app.settles().await;
            assert_eq!(stored(&app, event).await.unwrap().status, Status::Applied);
        }
        assert_eq!(stored(&app, &pack).await.unwrap().attempts, 1);
        assert_eq!((entries_of(&ada).await, ada.tier().await.as_str()), (vec![purchase(25)], "CORE"));
    }

    async fn a_pack_that_two_events_call_paid_is_posted_once(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let pack = || {
            let pack = Pack::new(&customer);
            [pack.completed("paid"), pack.arrived()]
        };
        let [completed, arrived] = pack();
        accepts(&app, [&completed, &arrived]).await;
        assert_eq!(entries_of(&ada).await, [purchase(25)]);
        let [completed, arrived] = pack();
        accepts(&app, [&arrived, &completed]).await;
        assert_eq!(entries_of(&ada).await, [purchase(25), purchase(25)]);
        accepts_at_once(&app, &pack()).await;
        assert_eq!(ada.credits().await, 75);
    }

    async fn an_invoice_that_two_events_call_paid_grants_once(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let paid = Plan::new(&customer, CORE).paid("subscription_create");
        let succeeded = retold(&paid, "invoice.payment_succeeded");
        accepts(&app, [&paid, &succeeded, &retold(&paid, "invoice.paid")]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
        let next = Plan::new(&customer, CORE).paid("subscription_cycle");
        accepts_at_once(&app, &[retold(&next, "invoice.payment_succeeded"), next]).await;
        assert_eq!(entries_of(&ada).await, [grant(25), grant(25)]);
        app.settles().await;
        for event in inbox(&app).await {
            assert_eq!((event.status, event.error), (Status::Applied, None), "{}", event.kind);
        }
    }

    async fn a_first_period_reported_by_its_subscription_and_its_invoice_grants_once(app: TestApp) {
        for (number, subscription_first) in [true, false].into_iter().enumerate() {
            let (ada, customer) = known_user(&app, &format!("ada{number}")).await;
            let plan = Plan::new(&customer, CORE);
            let mut events = [plan.created("active"), plan.paid("subscription_create")];
            if !subscription_first {
                events.reverse();
            }
            accepts(&app, &events).await;
            assert_eq!(entries_of(&ada).await, [grant(25)]);
            assert_eq!(ada.tier().await, "CORE");
        }
        let (bob, customer) = known_user(&app, "bob").await;
        let plan = Plan::new(&customer, CORE);
        accepts_at_once(&app, &[plan.created("active"), plan.paid("subscription_create"), plan.checked_out()]).await;
        assert_eq!(entries_of(&bob).await, [grant(25)]);
    }

    async fn a_pack_is_pending_until_its_money_comes_and_never_again(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let status = async || {
            let payments = ada.gets("{ payments { nodes { status } } }", json!({})).await;
            payments["nodes"][0]["status"].as_str().unwrap().to_owned()
        };
        let pack = Pack::new(&customer);
        accepts(&app, [&pack.completed("unpaid")]).await;
        assert_eq!((status().await.as_str(), ada.credits().await), ("PENDING", 0));
        accepts(&app, [&pack.failed()]).await;
        assert_eq!((status().await.as_str(), ada.credits().await), ("FAILED", 0));
        accepts(&app, [&pack.completed("unpaid")]).await;
        assert_eq!((status().await.as_str(), ada.credits().await), ("FAILED", 0));
        // The bank changed its mind.
        accepts(&app, [&pack.arrived()]).await;
        assert_eq!((status().await.as_str(), ada.credits().await), ("SUCCEEDED", 25));
        accepts(&app, [&pack.completed("unpaid"), &pack.failed(), &pack.arrived()]).await;
        assert_eq!((status().await.as_str(), ada.credits().await), ("SUCCEEDED", 25));
    }
}
