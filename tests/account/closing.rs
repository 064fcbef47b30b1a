//! Users close their accounts: who they were is removed, and the books stay.

use entity::{customer, operation, user, work::Kind};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::names::{LOG_IN, customer_at_stripe};
use crate::{
    harness::{TestApp, actor::row, facts},
    subscription::duplicate::newest_payment,
};

const CLOSE: &str = "mutation ($input: CloseAccountInput!) { closeAccount(input: $input) { closedAt } }";

/// The account number of a bank debit, whose money arrives days later.
const BANK: &str = "000123456789";

fn with(password: &str) -> Value {
    json!({ "input": { "currentPassword": password } })
}

async fn stored(app: &TestApp, id: i64) -> user::Model {
    user::Entity::find_by_id(id).one(app.inside().await.database.read()).await.unwrap().unwrap()
}

/// The statuses of all subscriptions at Stripe that the gateway has stored.
async fn statuses(app: &TestApp) -> Vec<Value> {
    let rows = entity::subscription::Entity::find().all(app.inside().await.database.read()).await.unwrap();
    let at_stripe = |id: &str| app.sandbox().object(id).unwrap()["status"].clone();
    rows.iter().map(|row| at_stripe(&row.stripe_subscription_id)).collect()
}

facts! {
    async fn a_closed_account_is_nobodys_and_its_books_stay(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let bob = app.signs_up("bob").await;
        let id = ada.row().await;
        ada.subscribes("CORE").await;
        ada.buys(25).await;
        ada.exports("run", "key").await;
        let entries = ada.gets("{ ledger { nodes { id } } }", json!({})).await["nodes"].as_array().unwrap().len();
        let mut socket = ada.watches_balance(None).await;

        assert!(ada.gets(CLOSE, with("ada's password")).await["closedAt"].is_string());

        assert_eq!(u16::from(socket.closes().await.code), 4403);
        assert_eq!(ada.is_refused("{ tier }", json!({})).await, "UNAUTHENTICATED");
        let input = json!({ "input": { "email": "ada@patchhive.example", "password": "ada's password" } });
        assert_eq!(app.visitor().is_refused(LOG_IN, input).await, "WRONG_CREDENTIALS");
        app.works_off(Kind::Customer).await;
        app.settles().await;
        let row = stored(&app, id).await;
        assert!(row.closed_at.is_some() && row.email.ends_with("@closed.invalid"), "{row:?}");
        assert!(!format!("{row:?}").contains("ada"), "{row:?}");
        assert_eq!((row.password_hash, row.display_name, row.email_verified_at), (None, None, None));
        let inside = app.inside().await;
        let requests = operation::Entity::find().filter(operation::Column::UserId.eq(id));
        for request in requests.all(inside.database.read()).await.unwrap() {
            assert!(!request.request.to_string().contains("ada"), "{request:?}");
        }
        assert_eq!(statuses(&app).await, ["canceled"]);
        let customer = customer_at_stripe(&app).await;
        assert_eq!((&customer["email"], &customer["name"]), (&Value::Null, &Value::Null));
        let kept = entity::ledger_entry::Entity::find().filter(entity::ledger_entry::Column::UserId.eq(id));
        assert_eq!(kept.all(inside.database.read()).await.unwrap().len(), entries);
        assert_eq!(bob.gets("{ viewer { username } }", json!({})).await["username"], "bob");
    }

    async fn the_same_email_signs_up_as_another_user(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let first = ada.row().await;
        ada.buys(25).await;
        ada.gets(CLOSE, with("ada's password")).await;
        let again = app.signs_up("ada").await;
        assert_ne!(again.row().await, first);
        assert_eq!(again.credits().await, 0);
        again.buys(5).await;
        assert_eq!(again.credits().await, 5);
        assert_eq!(ada.is_refused("{ tier }", json!({})).await, "UNAUTHENTICATED");
        again.gets(CLOSE, with("ada's password")).await;
    }

    async fn closing_needs_the_password_and_is_for_users(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for input in [with("wrong"), with(""), json!({ "input": {} })] {
            assert_eq!(ada.is_refused(CLOSE, input).await, "BAD_USER_INPUT");
        }
        assert_eq!(app.visitor().is_refused(CLOSE, with("ada's password")).await, "UNAUTHENTICATED");
        let admin = app.signs_up_as("root", user::Role::Admin).await;
        assert_eq!(admin.is_refused(CLOSE, with("root's password")).await, "FORBIDDEN");
        assert_eq!(ada.tier().await, "FREE");
    }

    async fn an_operator_sees_that_an_account_is_closed_and_cannot_adjust_it(app: TestApp) {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let admin = app.signs_up_as("root", user::Role::Admin).await;
        let user = ada.row().await.to_string();
        let adjust = "mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { id } }";
        let grant = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id } }";
        let change = |key: &str| json!({ "input": {
            "userId": user, "credits": 5, "reason": "a gift", "idempotencyKey": key,
        } });
        let given = admin.gets(adjust, change("before")).await;
        let closed = ada.gets(CLOSE, with("ada's password")).await["closedAt"].clone();
        app.settles().await;
        for document in [adjust, grant] {
            let refused = admin.asks_with(document, change("after")).await["errors"][0].clone();
            assert_eq!(refused["extensions"]["code"], "BAD_USER_INPUT");
            assert_eq!(refused["extensions"]["field"], "input.userId");
            assert_eq!(refused["message"], "The account is closed. Its balance cannot be adjusted.");
        }
        assert_eq!(admin.gets(adjust, change("before")).await, given, "a retry finds the entry from before");
        let found = "query ($id: ID!) { user(id: $id) { closedAt balance { credits } } }";
        let expected = json!({ "closedAt": closed, "balance": { "credits": 5 } });
        assert_eq!(admin.gets(found, json!({ "id": user })).await, expected);
        assert_eq!(bob.gets("{ viewer { closedAt } }", json!({})).await["closedAt"], Value::Null);
    }

    async fn an_open_checkout_can_no_longer_be_paid(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let (plan, pack) = (ada.opens_checkout("CORE").await, ada.opens_purchase(25).await);
        ada.gets(CLOSE, with("ada's password")).await;
        app.works_off(Kind::Customer).await;
        for checkout in [plan, pack] {
            let id = checkout["id"].as_str().unwrap();
            assert_eq!(app.sandbox().object(id).unwrap()["status"], "expired");
        }
    }

    async fn a_payment_that_arrives_after_the_closing_is_recorded(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let id = ada.row().await;
        let checkout = ada.opens_purchase(25).await;
        ada.pays(&checkout, BANK).await;
        app.settles().await;
        ada.gets(CLOSE, with("ada's password")).await;
        app.works_off(Kind::Customer).await;
        app.sandbox().settle_delayed(checkout["id"].as_str().unwrap(), true).unwrap();
        app.settles().await;
        let account = entity::credit_account::Entity::find_by_id(id);
        let account = account.one(app.inside().await.database.read()).await.unwrap().unwrap();
        assert_eq!(account.balance, 25);
    }

    async fn a_plan_that_was_paid_during_the_closing_ends_too(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_checkout("PRO").await;
        app.settles().await;
        ada.pays(&checkout, "4242424242424242").await;
        ada.gets(CLOSE, with("ada's password")).await;
        app.settles().await;
        app.works_off(Kind::Customer).await;
        app.settles().await;
        assert_eq!(statuses(&app).await, ["canceled"]);
        // A later event about the customer is applied as ever.
        let customer = customer::Entity::find().one(app.inside().await.database.read()).await.unwrap().unwrap();
        let event = app.sandbox().events().into_iter().find(|event| event["type"] == "customer.subscription.deleted");
        let event = event.unwrap();
        assert_eq!(event["data"]["object"]["customer"], json!(customer.stripe_customer_id));
        assert_eq!(app.receives(&event).await.0, 200);
    }

    async fn without_stripe_for_a_while_the_plan_ends_later(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        app.sandbox().set_rate_limit(0);
        ada.gets(CLOSE, with("ada's password")).await;
        assert_eq!(statuses(&app).await, ["active"]);
        app.sandbox().set_rate_limit(u32::MAX);
        app.works_off(Kind::Customer).await;
        app.settles().await;
        assert_eq!(statuses(&app).await, ["canceled"]);
    }

    async fn the_export_has_every_row_and_no_password(app: TestApp) {
        let ada = app.signs_up("ada").await;
        app.signs_up("bob").await.buys(7).await;
        ada.subscribes("CORE").await;
        ada.buys(25).await;
        app.sandbox().refund(&newest_payment(&app).await, Some(200)).unwrap();
        app.settles().await;
        let export = ada.gets("{ exportAccount { records { table row } nextCursor } }", json!({})).await;
        assert_eq!(export["nextCursor"], Value::Null);
        let records = export["records"].as_array().unwrap();
        let tables: std::collections::BTreeSet<_> = records.iter().map(|record| record["table"].as_str().unwrap()).collect();
        for table in ["users", "credit_accounts", "credits_ledger", "stripe_customers", "stripe_subscriptions",
            "stripe_invoices", "stripe_periods", "stripe_invoice_periods", "stripe_checkouts", "stripe_payments",
            "stripe_payment_intents", "stripe_operations", "ledger_reversals"] {
            assert!(tables.contains(table), "{table} {tables:?}");
        }
        let text = export.to_string();
        assert!(text.contains("ada@patchhive.example") && !text.contains("bob") && !text.contains("password_hash"));
        let id = row(&ada.gets("{ viewer { id } }", json!({})).await["id"]);
        for record in records.iter().filter(|record| record["row"].get("user_id").is_some()) {
            assert_eq!(record["row"]["user_id"], id, "{record}");
        }
        let created = records[0]["row"]["created_at"].as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(created).is_ok(), "{created}");
        assert_eq!(app.visitor().is_refused("{ exportAccount { nextCursor } }", json!({})).await, "UNAUTHENTICATED");
    }

    async fn a_long_export_is_read_page_by_page(app: TestApp) {
        const PAGE: &str = "query ($after: String) { exportAccount(after: $after) { records { table row } nextCursor } }";
        let ada = app.signs_up("ada").await;
        ada.buys(1000).await;
        ada.buys(1000).await;
        for key in 0..600 {
            ada.exports("run", &format!("key {key}")).await;
        }
        let (mut after, mut versions, mut pages) = (Value::Null, Vec::new(), 0);
        loop {
            let page = ada.gets(PAGE, json!({ "after": after })).await;
            let records = page["records"].as_array().unwrap();
            assert!(records.len() <= 500);
            let entries = records.iter().filter(|record| record["table"] == "credits_ledger");
            versions.extend(entries.map(|entry| entry["row"]["version"].as_i64().unwrap()));
            pages += 1;
            after = page["nextCursor"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!((pages, versions), (2, (1..=602).collect::<Vec<_>>()));
        for odd in ["odd", "", "eyJ0YWJsZSI6IlVzZXJzIiwiYWZ0ZXIiOiJ4In0"] {
            assert_eq!(ada.is_refused(PAGE, json!({ "after": odd })).await, "BAD_USER_INPUT", "{odd}");
        }
    }
}
