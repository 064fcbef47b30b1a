//! Old webhooks are deleted, except those that are still retried.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{
    event::{self, Status},
    user::Role,
    work::{self, Kind},
};
use patch_hive::sync;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, sea_query::Expr};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{REPLAY, UNKNOWN};
use crate::{
    checkout::on_both,
    harness::{TestApp, facts},
    webhook::{
        accepts, entries_of, known_user,
        payloads::{CORE, Pack, Plan, retold},
        purchase, stored,
    },
};

/// Makes all webhooks older by a number of days.
async fn days_pass(app: &TestApp, days: i64) {
    let inside = app.inside().await;
    let earlier = Expr::value(inside.clock.wall() - TimeDelta::days(days));
    let age = event::Entity::update_many().col_expr(event::Column::ReceivedAt, earlier);
    age.exec(inside.database.write()).await.unwrap();
}

/// Waits until the gateway's own run, which begins at its start, has ended: the next one is an hour later.
async fn has_pruned(app: &TestApp) {
    let inside = app.inside().await;
    let next = work::Entity::find().filter(work::Column::Kind.eq(Kind::Prune));
    let next = next.filter(work::Column::DueAt.gt(inside.clock.wall() + TimeDelta::minutes(1)));
    let pruned = async {
        while next.clone().count(inside.database.read()).await.unwrap() == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), pruned).await.expect("the gateway did not delete old rows");
}

facts! {
    async fn processed_webhooks_are_deleted_after_ninety_days(app: TestApp) {
        let (_, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let applied = Pack::new(&customer).completed("paid");
        let ignored = retold(&applied, "moon.landed");
        let failed = Plan::new(&customer, UNKNOWN).paid("subscription_create");
        let events = [&applied, &ignored, &failed];
        accepts(&app, events).await;

        days_pass(&app, 89).await;
        assert_eq!(sync::prune(&app.inside().await).await.unwrap(), 0);
        days_pass(&app, 91).await;
        assert!(sync::prune(&app.inside().await).await.unwrap() >= 3);
        for event in events {
            assert!(stored(&app, event).await.is_none());
        }
        assert_eq!(sync::prune(&app.inside().await).await.unwrap(), 0, "once is enough");
    }

    async fn a_deleted_webhook_cannot_be_replayed_and_applies_nothing_when_it_comes_again(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let pack = Pack::new(&customer).completed("paid");
        accepts(&app, [&pack]).await;
        days_pass(&app, 91).await;
        sync::prune(&app.inside().await).await.unwrap();

        assert_eq!(admin.is_refused(REPLAY, json!({ "id": pack["id"] })).await, "NOT_FOUND");
        accepts(&app, [&pack]).await;
        assert_eq!(entries_of(&ada).await, [purchase(25)]);
    }

    async fn years_of_webhooks_are_deleted_in_one_run(app: TestApp) {
        // Two runs at once would each find fewer rows than fill a batch, and end.
        has_pruned(&app).await;
        let inside = app.inside().await;
        let old = inside.clock.wall() - TimeDelta::days(400);
        let row = |number: i32| event::ActiveModel {
            event_id: Set(format!("evt_old_{number}")),
            kind: Set("invoice.paid".to_owned()),
            api_version: Set(None),
            livemode: Set(false),
            created: Set(old),
            payload: Set("{}".to_owned()),
            status: Set(Status::Ignored),
            waits_for: Set(None),
            attempts: Set(1),
            error: Set(None),
            received_at: Set(old + TimeDelta::seconds(number.into())),
            applied_at: Set(None),
        };
        for hundred in 0..12 {
            let rows = (0..100).map(|number| row(hundred * 100 + number));
            event::Entity::insert_many(rows).exec_without_returning(inside.database.write()).await.unwrap();
        }
        sync::prune(&inside).await.unwrap();
        let left = event::Entity::find().select_only().column(event::Column::EventId);
        let left = left.filter(event::Column::EventId.like("evt_old_%"));
        assert_eq!(left.into_tuple::<String>().all(inside.database.read()).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_still_retried_are_kept_longer_than_others() {
    on_both(
        |config| config.webhook_retention = Duration::from_hours(7 * 24),
        async |app| {
            let (_, customer) = known_user(&app, "ada").await;
            let applied = Plan::new(&customer, CORE).paid("subscription_create");
            let failed = Plan::new(&customer, UNKNOWN).paid("subscription_create");
            accepts(&app, [&applied, &failed]).await;
            let kept = async |event| stored(&app, event).await.is_some();
            for (days, is_kept) in [(6, (true, true)), (8, (false, true)), (30, (false, true)), (32, (false, false))] {
                days_pass(&app, days).await;
                sync::prune(&app.inside().await).await.unwrap();
                assert_eq!((kept(&applied).await, kept(&failed).await), is_kept, "after {days} days");
            }
        },
    )
    .await;
}
