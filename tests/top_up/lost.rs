//! Lost replies, failures of Stripe, lost webhooks and restarts lead neither to a second charge nor to lost credits.

use entity::{
    operation::{self, State},
    work::Kind,
};
use patch_hive::{jobs, sync};
use sandbox::Effect;
use sea_orm::{EntityTrait, QueryOrder, sea_query::Expr};
use serde_json::{Value, json};

use super::{DISABLE, attempts, comes_to, enables, invoices, looks, pause, state, states, with_card};
use crate::{
    account_event::grants,
    checkout::{ATTEMPTS, breaks},
    harness::{TestApp, actor::GOOD_CARD, facts},
};

/// The beginnings of the paths of the calls that make a top-up, in their order.
const CALLS: [&str; 2] = ["/v1/invoices", "/v1/invoiceitems"];

/// The number of invoices at Stripe that are paid.
async fn paid(app: &TestApp) -> usize {
    invoices(app).await.iter().filter(|invoice| invoice["status"] == "paid").count()
}

facts! {
    async fn a_short_failure_of_stripe_goes_unnoticed(app: TestApp) {
        for (number, call) in CALLS.into_iter().enumerate() {
            let user = with_card(&app, &format!("user{number}"), GOOD_CARD, 0).await;
            breaks(&app, call, ATTEMPTS - 1, Effect::Refuse { status: 503 });
            enables(&user, 1, 25, 500).await;
            comes_to(&app, &user, 1, "PAID").await;
            assert_eq!((user.credits().await, paid(&app).await), (25, number + 1));
        }
    }

    async fn lost_replies_are_found_again_by_the_same_keys(app: TestApp) {
        // Each number of lost replies loses another call's: the invoice, its end, and the payment.
        for number in 1..=4 {
            let user = with_card(&app, &format!("user{number}"), GOOD_CARD, 0).await;
            breaks(&app, "/v1/invoices", ATTEMPTS * number, Effect::Drop);
            breaks(&app, "/v1/invoiceitems", ATTEMPTS, Effect::Drop);
            enables(&user, 1, 25, 500).await;
            for _ in 0..8 {
                app.works_off(Kind::TopUp).await;
            }
            comes_to(&app, &user, 1, "PAID").await;
            assert_eq!((user.credits().await, paid(&app).await), (25, usize::try_from(number).unwrap()));
        }
    }

    async fn a_payment_whose_reply_is_lost_is_not_made_again(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        app.sandbox().set_webhook_urls(Vec::new());
        // The calls before the payment go well.
        breaks(&app, "/v1/invoiceitems", ATTEMPTS, Effect::Drop);
        enables(&ada, 1, 25, 500).await;
        app.works_off(Kind::TopUp).await;
        breaks(&app, "/v1/invoices", ATTEMPTS * 3, Effect::Drop);
        for _ in 0..8 {
            app.works_off(Kind::TopUp).await;
        }
        comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((ada.credits().await, paid(&app).await), (25, 1));
    }

    async fn an_outcome_that_stripe_forgot_is_looked_up(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        app.sandbox().set_webhook_urls(Vec::new());
        // Stripe repeats the failure under the key, although the invoice exists.
        breaks(&app, "/v1/invoices", 1, Effect::Fail { status: 500 });
        enables(&ada, 1, 25, 500).await;
        app.works_off(Kind::TopUp).await;
        assert_eq!(states(&ada).await, ["PENDING"]);
        let inside = app.inside().await;
        let old = inside.clock.wall() - chrono::TimeDelta::minutes(1);
        let aged = operation::Entity::update_many().col_expr(operation::Column::CreatedAt, Expr::value(old));
        aged.exec(inside.database.write()).await.unwrap();
        app.works_off(Kind::TopUp).await;
        assert_eq!(states(&ada).await, ["FAILED"]);
        app.sandbox().advance(std::time::Duration::from_mins(10)).await;
        looks(&app).await;
        comes_to(&app, &ada, 2, "PAID").await;
        assert_eq!((ada.credits().await, paid(&app).await), (25, 1));
    }

    async fn credits_follow_the_reply_where_webhooks_are_lost(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        app.sandbox().set_webhook_urls(Vec::new());
        enables(&ada, 1, 25, 500).await;
        comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!(ada.credits().await, 25);
        sync::reconcile(&app.inside().await, chrono::TimeDelta::days(1)).await.unwrap();
        let report = sync::reconcile(&app.inside().await, chrono::TimeDelta::days(1)).await.unwrap();
        assert!(report.clean(), "{report:?}");
        assert_eq!(ada.credits().await, 25);
    }

    async fn credits_follow_the_webhook_where_the_reply_is_lost(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        enables(&ada, 1, 25, 500).await;
        comes_to(&app, &ada, 1, "PAID").await;
        for event in app.sandbox().events().iter().filter(|event| event["type"].as_str().unwrap().starts_with("invoice")) {
            app.receives(event).await;
        }
        app.settles().await;
        assert_eq!((ada.credits().await, attempts(&app)), (25, 1));
    }

    async fn a_restart_goes_on_where_the_charge_was(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        breaks(&app, "/v1/invoiceitems", ATTEMPTS, Effect::Drop);
        enables(&ada, 1, 25, 500).await;
        app.works_off(Kind::TopUp).await;
        app.restarts().await;
        let inside = app.inside().await;
        let last = operation::Entity::find().order_by_desc(operation::Column::Id).one(inside.database.read()).await;
        if last.unwrap().unwrap().state == State::Open {
            jobs::work_off(&inside, Kind::Operation).await.unwrap();
        }
        app.works_off(Kind::TopUp).await;
        comes_to(&app, &ada, 1, "PAID").await;
        assert_eq!((ada.credits().await, paid(&app).await), (25, 1));
    }

    async fn a_charge_that_was_held_up_is_not_made_once_it_is_not_wanted(app: TestApp) {
        let refusing = |path| breaks(&app, path, u32::MAX, Effect::Refuse { status: 503 });
        let (ada, bob) = (with_card(&app, "ada", GOOD_CARD, 0).await, with_card(&app, "bob", GOOD_CARD, 0).await);
        refusing(CALLS[1]);
        for user in [&ada, &bob] {
            enables(user, 1, 25, 500).await;
        }
        app.works_off(Kind::TopUp).await;
        assert_eq!([states(&ada).await, states(&bob).await], [["PENDING"], ["PENDING"]]);
        ada.gets(DISABLE, json!({})).await;
        let admin = app.signs_up_as("root", entity::user::Role::Admin).await;
        grants(&admin, &bob, 5, "meanwhile").await;
        app.sandbox().clear_faults();
        app.works_off(Kind::TopUp).await;
        for user in [&ada, &bob] {
            assert_eq!((states(user).await, pause(user).await), (vec!["FAILED".to_owned()], Value::Null));
            assert_eq!(state(user).await["declines"], 0);
        }
        assert!(invoices(&app).await.iter().all(|invoice| invoice["status"] == "void"));
        assert_eq!(attempts(&app), 0);
    }

    async fn a_refused_charge_pauses_and_is_shown_to_the_operator(app: TestApp) {
        let ada = with_card(&app, "ada", GOOD_CARD, 0).await;
        let admin = app.signs_up_as("root", entity::user::Role::Admin).await;
        breaks(&app, "/v1/invoiceitems", 1, Effect::Refuse { status: 404 });
        enables(&ada, 1, 25, 500).await;
        comes_to(&app, &ada, 1, "FAILED").await;
        assert_eq!((pause(&ada).await, attempts(&app)), (json!("REFUSED"), 0));
        let refused = admin.gets("{ refusedOperations { nodes { kind remedy } } }", json!({})).await;
        assert_eq!(refused["nodes"], json!([{ "kind": "TOP_UP", "remedy": "REVIEW_TOP_UP" }]));
    }
}
