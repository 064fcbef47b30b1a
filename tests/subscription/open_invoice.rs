//! When a plan ends, its open invoices are voided, so that nobody pays for a plan that has ended.

use chrono::TimeDelta;
use entity::work::{self, Kind};
use sandbox::{Effect, Fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::json;

use super::{newest, stripe_ends_it};
use crate::{
    checkout::{at_stripe, posts_to_stripe},
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
};

const INVOICES: &str = "{ invoices { nodes { status pageUrl } } }";

/// A payment from it is confirmed days later.
const BANK_ACCOUNT: &str = "000123456789";

/// Lets the newest subscription renew while its payment fails. Returns the page of the open invoice.
async fn fails_to_renew(app: &TestApp, user: &Actor) -> String {
    let id = newest(app).await["id"].as_str().unwrap().to_owned();
    app.sandbox().fail_next_payments(&id, 20).unwrap();
    app.sandbox().renew(&id).await.unwrap();
    app.settles().await;
    app.sandbox().fail_next_payments(&id, 0).unwrap();
    user.gets(INVOICES, json!({})).await["nodes"][0]["pageUrl"].as_str().unwrap().to_owned()
}

/// The statuses of a user's invoices, the newest first.
async fn statuses(user: &Actor) -> Vec<String> {
    let invoices = user.gets(INVOICES, json!({})).await;
    let nodes = invoices["nodes"].as_array().unwrap().iter();
    nodes.map(|invoice| invoice["status"].as_str().unwrap().to_owned()).collect()
}

async fn voids(app: &TestApp) {
    app.works_off(Kind::OpenInvoice).await;
    app.settles().await;
}

/// The number of tasks that still have invoices to void.
async fn tasks(app: &TestApp) -> usize {
    let tasks = work::Entity::find().filter(work::Column::Kind.eq(Kind::OpenInvoice));
    tasks.all(app.inside().await.database.read()).await.unwrap().len()
}

async fn pays(app: &TestApp, page: &str) -> u16 {
    app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap().status().as_u16()
}

facts! {
    async fn nobody_can_pay_the_open_invoice_of_a_plan_that_has_ended(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let page = fails_to_renew(&app, &sue).await;
        assert_eq!(statuses(&sue).await, ["OPEN", "PAID"]);
        stripe_ends_it(&app).await;
        voids(&app).await;
        assert_eq!(statuses(&sue).await, ["VOID", "PAID"]);
        assert_eq!(pays(&app, &page).await, 402);
        assert_eq!((sue.credits().await, sue.tier().await.as_str()), (0, "FREE"));
        assert_eq!(tasks(&app).await, 0);
    }

    async fn the_open_invoice_of_a_plan_that_goes_on_stays_open(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let page = fails_to_renew(&app, &ada).await;
        voids(&app).await;
        assert_eq!(statuses(&ada).await, ["OPEN", "PAID"]);
        assert!((300..400).contains(&pays(&app, &page).await));
        app.settles().await;
        assert_eq!(ada.credits().await, 50);
    }

    async fn an_invoice_for_something_else_stays_open(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let subscription = newest(&app).await;
        let [customer, id] = ["customer", "id"].map(|field| subscription[field].as_str().unwrap());
        posts_to_stripe(&app, "/v1/invoiceitems", &[
            ("customer", customer),
            ("subscription", id),
            ("amount", "700"),
            ("currency", "usd"),
            ("description", "A mug"),
        ]).await;
        let mug = posts_to_stripe(&app, "/v1/invoices", &[("customer", customer), ("subscription", id)]).await;
        posts_to_stripe(&app, &format!("/v1/invoices/{}/finalize", mug["id"].as_str().unwrap()), &[]).await;
        stripe_ends_it(&app).await;
        voids(&app).await;
        assert_eq!(statuses(&ada).await, ["OPEN", "PAID"]);
    }

    async fn while_stripe_is_away_it_is_tried_again(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        fails_to_renew(&app, &sue).await;
        let path = "/v1/invoices".to_owned();
        app.sandbox().inject(Fault { method: "POST".to_owned(), path, times: u32::MAX, effect: Effect::Drop });
        stripe_ends_it(&app).await;
        app.works_off(Kind::OpenInvoice).await;
        // The effect of a call whose reply was lost is there.
        assert_eq!((tasks(&app).await, statuses(&sue).await), (1, vec!["VOID".to_owned(), "PAID".to_owned()]));
        app.sandbox().clear_faults();
        voids(&app).await;
        assert_eq!((tasks(&app).await, statuses(&sue).await), (0, vec!["VOID".to_owned(), "PAID".to_owned()]));
    }

    async fn a_bank_debit_on_its_way_is_waited_for(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().change_card(&id, BANK_ACCOUNT).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;
        stripe_ends_it(&app).await;
        voids(&app).await;
        assert_eq!((tasks(&app).await, statuses(&sue).await), (1, vec!["OPEN".to_owned(), "PAID".to_owned()]));
        let debit = at_stripe(&app, "/v1/payment_intents?limit=1").await["data"][0]["id"].as_str().unwrap().to_owned();
        app.sandbox().settle_payment(&debit, false).unwrap();
        app.settles().await;
        voids(&app).await;
        assert_eq!((tasks(&app).await, statuses(&sue).await), (0, vec!["VOID".to_owned(), "PAID".to_owned()]));
    }

    async fn an_invoice_that_cannot_be_voided_for_a_month_is_left_to_the_operator(app: TestApp) {
        let sue = app.signs_up("sue").await;
        sue.subscribes("STUDIO").await;
        fails_to_renew(&app, &sue).await;
        let path = "/v1/invoices".to_owned();
        let effect = Effect::Refuse { status: 400 };
        app.sandbox().inject(Fault { method: "POST".to_owned(), path, times: u32::MAX, effect });
        stripe_ends_it(&app).await;
        app.works_off(Kind::OpenInvoice).await;
        assert_eq!(tasks(&app).await, 1);
        let inside = app.inside().await;
        let month_ago = inside.clock.wall() - TimeDelta::days(31);
        let ages = work::Entity::update_many().col_expr(work::Column::CreatedAt, Expr::value(month_ago));
        ages.filter(work::Column::Kind.eq(Kind::OpenInvoice)).exec(inside.database.write()).await.unwrap();
        app.works_off(Kind::OpenInvoice).await;
        assert_eq!((tasks(&app).await, statuses(&sue).await[0].as_str()), (0, "OPEN"));
    }
}
