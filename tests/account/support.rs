//! Operators read the private data of any user, with the ids that lead to Stripe's dashboard.

use entity::user::Role;
use serde_json::{Value, json};

use crate::{
    checkout::customer_of,
    harness::{Actor, TestApp, facts},
    subscription::newest,
};

const SUPPORT: &str = "query ($id: ID!) { user(id: $id) { role stripeCustomerId balance { credits } \
    subscription { tier stripeSubscriptionId } ledger { nodes { kind } } payments { nodes { credits \
    stripePaymentIntentId } } invoices { nodes { id } } \
    usage(from: \"2026-01-01T00:00:00Z\", to: \"2026-01-02T00:00:00Z\", by: DAY) { exports } } }";

async fn id(user: &Actor) -> Value {
    user.gets("{ viewer { id } }", json!({})).await["id"].clone()
}

async fn viewer(user: &Actor, fields: &str) -> Value {
    user.gets(&format!("{{ viewer {{ {fields} }} }}"), json!({})).await
}

facts! {
    async fn an_admin_reads_the_account_of_any_user(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let opened = ada.opens_checkout("CORE").await;
        let customer = customer_of(&app, &opened).await;
        ada.pays(&opened, crate::harness::actor::GOOD_CARD).await;
        app.settles().await;
        ada.buys(40).await;
        let shown = admin.gets(SUPPORT, json!({ "id": id(&ada).await })).await;
        assert_eq!((&shown["role"], &shown["stripeCustomerId"]), (&json!("USER"), &json!(customer)));
        assert_eq!(shown["balance"]["credits"], 65);
        let subscription = newest(&app).await;
        assert_eq!(shown["subscription"], json!({ "tier": "CORE", "stripeSubscriptionId": subscription["id"] }));
        assert_eq!(shown["ledger"]["nodes"], json!([{ "kind": "PACK" }, { "kind": "PLAN_PERIOD" }]));
        let intent = shown["payments"]["nodes"][0]["stripePaymentIntentId"].as_str().unwrap();
        assert!(intent.starts_with("pi_"), "{intent}");
        let invoices = ada.gets("{ invoices { nodes { id } } }", json!({})).await;
        assert_eq!(shown["invoices"], invoices);
        assert_eq!(invoices["nodes"].as_array().unwrap().len(), 2);
        assert_eq!(viewer(&ada, "invoices { nodes { id } }").await["invoices"], invoices);
        assert_eq!(shown["usage"], json!([{ "exports": 0 }]));
    }

    async fn a_user_without_purchases_has_no_customer_at_stripe(app: TestApp) {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let shown = admin.gets(SUPPORT, json!({ "id": id(&ada).await })).await;
        assert_eq!((&shown["stripeCustomerId"], &shown["subscription"]), (&Value::Null, &Value::Null));
        assert_eq!(shown["invoices"]["nodes"], json!([]));
    }

    async fn only_an_admin_sees_ids_of_stripe(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        ada.subscribes("CORE").await;
        ada.buys(40).await;
        for document in [
            "{ viewer { stripeCustomerId } }",
            "{ viewer { subscription { stripeSubscriptionId } } }",
            "{ viewer { payments { nodes { stripePaymentIntentId } } } }",
        ] {
            assert_eq!(ada.is_refused(document, json!({})).await, "FORBIDDEN", "{document}");
        }
        assert_eq!(service.is_refused("{ viewer { stripeCustomerId } }", json!({})).await, "FORBIDDEN");
        for stranger in [&ada, &service] {
            assert_eq!(stranger.is_refused(SUPPORT, json!({ "id": "user_1" })).await, "FORBIDDEN");
        }
    }

    async fn the_role_of_the_viewer_is_what_the_token_allows(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let service = app.signs_up_as("exporter", Role::Service).await;
        let ada = app.signs_up("ada").await;
        for (user, role) in [(&admin, "ADMIN"), (&service, "SERVICE"), (&ada, "USER")] {
            assert_eq!(viewer(user, "role").await["role"], role);
        }
        let of = async |user: &Actor| {
            admin.gets("query ($id: ID!) { user(id: $id) { role } }", json!({ "id": id(user).await })).await["role"].clone()
        };
        assert_eq!((of(&service).await, of(&ada).await), (json!("SERVICE"), json!("USER")));
        let inside = app.inside().await;
        let request = patch_hive::accounts::TokenRequest { role: Role::User, ttl: None, now: inside.clock.wall() };
        let email = "admin@patchhive.example";
        let token = patch_hive::accounts::token(inside.database.write(), &inside.tokens, email, request).await.unwrap();
        assert_eq!(viewer(&app.bearer(&token), "role").await["role"], "USER");
    }
}
