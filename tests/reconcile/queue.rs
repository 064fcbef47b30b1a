//! A run is a task of the queue: another worker takes it over, and it keeps no other task waiting.

use std::time::Duration;

use chrono::TimeDelta;
use entity::work::{self, Kind};
use patch_hive::jobs;
use sandbox::{Effect, Fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use tokio::time::sleep;

use super::loses_webhooks;
use crate::{checkout::on_both, harness::TestApp};

async fn task(app: &TestApp) -> Option<work::Model> {
    let task = work::Entity::find().filter(work::Column::Kind.eq(Kind::Reconcile));
    task.one(app.inside().await.database.read()).await.unwrap()
}

/// Waits until the task has a state.
async fn until(app: &TestApp, is: impl Fn(&work::Model) -> bool) {
    for _ in 0..1000 {
        if task(app).await.is_some_and(|task| is(&task)) {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the task stays {:?}", task(app).await);
}

/// The run at the start has ended.
async fn is_over(app: &TestApp) {
    let now = app.inside().await.clock.wall();
    until(app, |task| task.leased_until.is_none() && task.due_at > now).await;
}

/// The task is due, and held by a worker for so long.
async fn is_held(app: &TestApp, held: TimeDelta) {
    let inside = app.inside().await;
    let now = inside.clock.wall();
    let update = work::Entity::update_many()
        .col_expr(work::Column::DueAt, Expr::value(now - TimeDelta::minutes(1)))
        .col_expr(work::Column::LeasedUntil, Expr::value(now + held))
        .filter(work::Column::Kind.eq(Kind::Reconcile));
    update.exec(inside.database.write()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_worker_died_is_taken_over() {
    on_both(
        |config| config.reconcile_interval = Some(Duration::from_hours(1)),
        async |app| {
            is_over(&app).await;
            let ada = app.signs_up("ada").await;
            loses_webhooks(&app);
            ada.subscribes("CORE").await;
            is_held(&app, TimeDelta::seconds(20)).await;
            assert_eq!(jobs::work_off(&app.inside().await, Kind::Reconcile).await.unwrap(), 0);
            assert_eq!(ada.credits().await, 0);
            is_held(&app, TimeDelta::seconds(-1)).await;
            is_over(&app).await;
            assert_eq!(ada.credits().await, 25);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_for_stripe_keeps_nothing_else_waiting() {
    on_both(
        |config| config.reconcile_interval = Some(Duration::from_hours(1)),
        async |app| {
            is_over(&app).await;
            let effect = Effect::Delay { millis: 60_000 };
            // Each attempt waits, or a slow machine sees the run succeed meanwhile.
            let (method, path) = ("GET".to_owned(), "/v1/events".to_owned());
            app.sandbox().inject(Fault { method, path, times: u32::MAX, effect });
            is_held(&app, TimeDelta::seconds(-1)).await;
            let now = app.inside().await.clock.wall();
            until(&app, |task| task.leased_until.is_some_and(|until| until > now)).await;
            let ada = app.signs_up("ada").await;
            ada.subscribes("CORE").await;
            ada.buys(10).await;
            assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 35));
            assert!(task(&app).await.unwrap().leased_until.is_some(), "the run is not over");
        },
    )
    .await;
}
