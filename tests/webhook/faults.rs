//! After a fault of the gateway nothing is stored, and Stripe sends the event again.

use entity::user;
use patch_hive::ledger;
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{
    accepts, entries_of, grant, inbox, known_user,
    payloads::{CORE, Plan},
};
use crate::harness::{Backend, TestApp, facts, run};

async fn executes(app: &TestApp, sql: &str) {
    app.inside().await.database.write().execute_unprepared(sql).await.unwrap();
}

facts! {
    async fn a_database_fault_in_the_midst_stores_nothing_and_the_next_delivery_applies(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let paid = Plan::new(&customer, CORE).paid("subscription_create");
        // The invoice's row and the inbox are written before the grant is.
        executes(&app, "ALTER TABLE credits_ledger RENAME TO out_of_order").await;
        assert_eq!(app.receives(&paid).await.0, 500);
        executes(&app, "ALTER TABLE out_of_order RENAME TO credits_ledger").await;
        assert!(inbox(&app).await.is_empty());

        accepts(&app, [&paid]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_cannot_be_had_in_time_stores_nothing_and_the_next_delivery_applies() {
    run(Backend::Postgres, async |app: TestApp| {
        let (ada, customer) = known_user(&app, "ada").await;
        app.settles().await;
        let hurry =
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 100', current_database()); END $$";
        executes(&app, hurry).await;
        app.restarts().await;

        let database = app.inside().await.database.clone();
        let user = user::Entity::find().one(database.read()).await.unwrap().unwrap();
        let holder = database.begin().await.unwrap();
        ledger::lock(&holder, user.id).await.unwrap();
        let paid = Plan::new(&customer, CORE).paid("subscription_create");
        assert_eq!(app.receives(&paid).await.0, 503);
        assert!(inbox(&app).await.is_empty());
        holder.rollback().await.unwrap();

        accepts(&app, [&paid]).await;
        assert_eq!(entries_of(&ada).await, [grant(25)]);
    })
    .await;
}
