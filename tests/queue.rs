//! Tasks of the queue are taken by one worker at a time, and none starves.

use std::sync::{Arc, atomic::AtomicI64};

use chrono::{DateTime, TimeDelta, Utc};
use entity::work::{self, Kind};
use futures_util::future::join_all;
use patch_hive::{
    app::App,
    clock::Clock,
    work::{Claim, Next, cancel, claim, claim_one, due_at, fail, finish, release},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::harness::{TestApp, facts};

/// A kind of work whose tasks of unknown users do nothing, in business time.
const KIND: Kind = Kind::Unlimited;

/// The gateway's own worker leaves tasks alone that are due in an hour. The tests' workers have a clock that is ahead.
fn ahead() -> Clock {
    Clock::following(Arc::new(AtomicI64::new(7200)))
}

fn key(number: usize) -> String {
    (900_000_000 + number).to_string()
}

async fn requests(app: &App, number: usize, at: DateTime<Utc>) {
    due_at(app.database.write(), &app.clock, KIND, &key(number), at).await.unwrap();
}

async fn task(app: &App, number: usize) -> Option<work::Model> {
    let task = work::Entity::find().filter(work::Column::Kind.eq(KIND)).filter(work::Column::Key.eq(key(number)));
    task.one(app.database.read()).await.unwrap()
}

/// The worker that holds a task is too slow, and another one takes it.
async fn takes_over(app: &App, held: &Claim) -> Claim {
    let past = app.clock.wall() - TimeDelta::seconds(1);
    let update = work::Entity::update_many().col_expr(work::Column::LeasedUntil, Expr::value(past));
    update.filter(work::Column::Key.eq(&held.key)).exec(app.database.write()).await.unwrap();
    claim_one(app.database.write(), &ahead(), KIND, &held.key).await.unwrap().unwrap()
}

facts! {
    async fn workers_at_once_take_different_tasks(app: TestApp) {
        let app = app.inside().await;
        for number in 0..60 {
            requests(&app, number, app.clock.now() + TimeDelta::hours(1)).await;
        }
        let ahead = ahead();
        let taken = join_all((0..6).map(|_| claim(app.database.write(), &ahead, KIND, 20))).await;
        let mut keys: Vec<_> = taken.into_iter().flat_map(Result::unwrap).map(|claim| claim.key).collect();
        // A worker that looks while others take the rest finds fewer.
        keys.extend(claim(app.database.write(), &ahead, KIND, 60).await.unwrap().into_iter().map(|claim| claim.key));
        keys.sort();
        assert_eq!(keys, (0..60).map(key).collect::<Vec<_>>());
        assert_eq!(claim(app.database.write(), &ahead, KIND, 60).await.unwrap(), []);
        for key in keys {
            cancel(app.database.write(), KIND, &key).await.unwrap();
        }
    }

    async fn a_worker_that_lost_its_lease_changes_nothing(app: TestApp) {
        let app = app.inside().await;
        let db = app.database.write();
        requests(&app, 1, app.clock.now() + TimeDelta::hours(1)).await;
        let mut held = claim_one(db, &ahead(), KIND, &key(1)).await.unwrap().unwrap();
        for _ in 0..2 {
            let next = takes_over(&app, &held).await;
            let before = task(&app, 1).await;
            finish(db, &held, Next::Done).await.unwrap();
            finish(db, &held, Next::At(app.clock.now())).await.unwrap();
            fail(db, &app.clock, &held, "too late").await.unwrap();
            release(db, &held).await.unwrap();
            assert_eq!(task(&app, 1).await, before);
            held = next;
        }
        finish(db, &held, Next::Done).await.unwrap();
        assert_eq!(task(&app, 1).await, None);
    }

    async fn a_task_that_is_requested_while_it_is_done_is_done_once_more(app: TestApp) {
        let app = app.inside().await;
        let db = app.database.write();
        let at = app.clock.now() + TimeDelta::hours(1);
        requests(&app, 1, at).await;
        let held = claim_one(db, &ahead(), KIND, &key(1)).await.unwrap().unwrap();
        requests(&app, 1, at).await;
        assert_eq!(claim_one(db, &ahead(), KIND, &key(1)).await.unwrap(), None, "it is held");
        finish(db, &held, Next::Done).await.unwrap();
        let again = claim_one(db, &ahead(), KIND, &key(1)).await.unwrap().unwrap();
        assert_eq!(again.attempt, 1);
        finish(db, &again, Next::Done).await.unwrap();
        assert_eq!(task(&app, 1).await, None);
    }

    async fn neither_tasks_that_are_due_later_nor_failing_ones_starve_another(app: TestApp) {
        let app = app.inside().await;
        let db = app.database.write();
        for number in 0..300 {
            requests(&app, number, app.clock.now() + TimeDelta::days(1)).await;
        }
        let soon = app.clock.now() + TimeDelta::hours(1);
        for number in 300..500 {
            requests(&app, number, soon).await;
        }
        // All of them fail, the first time that they are tried.
        for claim in claim(db, &ahead(), KIND, 200).await.unwrap() {
            fail(db, &ahead(), &claim, "a fault").await.unwrap();
        }
        requests(&app, 500, soon + TimeDelta::minutes(1)).await;
        let taken = claim(db, &ahead(), KIND, 1).await.unwrap();
        assert_eq!(taken.iter().map(|claim| claim.key.clone()).collect::<Vec<_>>(), [key(500)]);
        for number in 0..=500 {
            cancel(db, KIND, &key(number)).await.unwrap();
        }
    }
}
