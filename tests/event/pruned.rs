//! What is forgotten of old webhooks, and what is not.

use chrono::TimeDelta;
use entity::{
    event::{self, Status},
    user::Role,
};
use patch_hive::jobs;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use serde_json::{Value, json};

use super::{REPLAY, UNKNOWN, replays};
use crate::{
    harness::{TestApp, facts},
    webhook::{
        accepts, booked, known_user,
        payloads::{Pack, Plan, retold},
        purchase, stored,
    },
};

/// All webhooks came so many days earlier.
async fn days_pass(app: &TestApp, days: i64) {
    let inside = app.inside().await;
    let earlier = Expr::value(inside.clock.wall() - TimeDelta::days(days));
    let age = event::Entity::update_many().col_expr(event::Column::ReceivedAt, earlier);
    age.exec(inside.database.write()).await.unwrap();
}

async fn payload(app: &TestApp, event: &Value) -> String {
    stored(app, event).await.unwrap().payload
}

facts! {
    async fn payloads_of_settled_webhooks_are_pruned_after_ninety_days_and_of_others_never(app: TestApp) {
        let (_, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let applied = Pack::new(&customer).completed("paid");
        let (ignored, waiting) = (retold(&applied, "moon.landed"), retold(&applied, "moon.waits"));
        let failed = Plan::new(&customer, UNKNOWN).created("active");
        accepts(&app, [&applied, &ignored, &waiting, &failed]).await;
        let wait = event::Entity::update_many().col_expr(event::Column::Status, Expr::value("waiting"));
        let wait = wait.filter(event::Column::EventId.eq(waiting["id"].as_str()));
        wait.exec(app.inside().await.database.write()).await.unwrap();

        days_pass(&app, 89).await;
        assert_eq!(jobs::prune(&app.inside().await).await.unwrap(), 0);
        days_pass(&app, 91).await;
        assert!(jobs::prune(&app.inside().await).await.unwrap() >= 2);
        for gone in [&applied, &ignored] {
            assert_eq!(payload(&app, gone).await, "");
        }
        for kept in [&waiting, &failed] {
            assert_eq!(payload(&app, kept).await, kept.to_string());
        }
        assert_eq!(jobs::prune(&app.inside().await).await.unwrap(), 0, "once is enough");
    }

    async fn a_pruned_webhook_cannot_be_replayed_and_is_still_known(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let pack = Pack::new(&customer).completed("paid");
        accepts(&app, [&pack]).await;
        days_pass(&app, 91).await;
        jobs::prune(&app.inside().await).await.unwrap();

        let answer = admin.asks_with(REPLAY, json!({ "id": pack["id"] })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("pruned"), "{answer}");
        accepts(&app, [&pack]).await;
        assert_eq!((stored(&app, &pack).await.unwrap().status, payload(&app, &pack).await), (Status::Applied, String::new()));
        assert_eq!(booked(&ada).await, [purchase(25)]);
    }

    async fn a_failed_webhook_is_replayed_after_years(app: TestApp) {
        let (_, customer) = known_user(&app, "ada").await;
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let event = Plan::new(&customer, UNKNOWN).created("active");
        accepts(&app, [&event]).await;
        days_pass(&app, 1000).await;
        jobs::prune(&app.inside().await).await.unwrap();
        assert_eq!(replays(&admin, &event).await["attempts"], 2);
    }

    async fn years_of_payloads_are_pruned_in_one_turn(app: TestApp) {
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
        jobs::prune(&inside).await.unwrap();
        let left = event::Entity::find().select_only().column(event::Column::EventId);
        let left = left.filter(event::Column::Payload.ne("")).filter(event::Column::EventId.like("evt_old_%"));
        assert_eq!(left.into_tuple::<String>().all(inside.database.read()).await.unwrap(), Vec::<String>::new());
    }
}
