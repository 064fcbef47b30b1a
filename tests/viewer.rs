//! Private data is also under `viewer`, so that one document serves visitors and users.

use sandbox::{Effect, Fault};
use serde_json::{Value, json};

use crate::harness::{TestApp, facts};

/// Each private list and value, with an argument where the field takes one.
const PRIVATE: &str = "balance { id credits exportsLeft version } tier subscription { id tier status } \
    endedSubscription { id } ledger(first: 2, changeType: PURCHASE) { nodes { id creditsDelta payment { id } } \
    pageInfo { hasNextPage } } payments(last: 1) { nodes { id credits } }";

facts! {
    async fn one_document_serves_visitors_and_users(app: TestApp) {
        let document = format!("{{ plans {{ tier }} viewer {{ username {PRIVATE} }} }}");
        let visitor = app.visitor().asks(&document).await;
        assert_eq!((&visitor["data"]["viewer"], visitor.get("errors")), (&Value::Null, None));
        let ada = app.signs_up("ada").await;
        let user = ada.asks(&document).await;
        assert_eq!(user["data"]["viewer"]["username"], "ada");
        assert_eq!(user["data"]["plans"], visitor["data"]["plans"]);
    }

    async fn a_nullable_field_that_fails_leaves_its_siblings(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let answer = ada.asks("{ exportCost user(id: \"user_1\") { id } viewer { username stripeCustomerId } }").await;
        let data = json!({ "exportCost": 3, "user": null, "viewer": { "username": "ada", "stripeCustomerId": null } });
        assert_eq!(answer["data"], data);
        let errors = answer["errors"].as_array().unwrap().iter();
        let mut errors: Vec<_> = errors.map(|error| (error["path"].to_string(), &error["extensions"]["code"])).collect();
        errors.sort_by(|a, b| a.0.cmp(&b.0));
        let forbidden = json!("FORBIDDEN");
        let expected = [r#"["user"]"#, r#"["viewer","stripeCustomerId"]"#].map(|path| (path.to_owned(), &forbidden));
        assert_eq!(errors, expected);
    }

    async fn a_list_that_stripe_does_not_give_leaves_its_siblings(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let document = "{ viewer { tier balance { credits } invoices { nodes { status } } } }";
        let effect = Effect::Refuse { status: 503 };
        app.sandbox().inject(Fault { method: "GET".to_owned(), path: "/v1/invoices".to_owned(), times: u32::MAX, effect });
        let answer = ada.asks(document).await;
        assert_eq!(answer["data"], json!({ "viewer": { "tier": "CORE", "balance": { "credits": 25 }, "invoices": null } }));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "STRIPE_UNAVAILABLE");
    }

    async fn the_viewer_has_what_the_root_has(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        for credits in [1, 2, 3] {
            ada.buys(credits).await;
        }
        let mut answer = ada.asks(&format!("{{ {PRIVATE} viewer {{ {PRIVATE} }} }}")).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        let viewer = answer["data"].as_object_mut().unwrap().remove("viewer").unwrap();
        assert_eq!(viewer, answer["data"]);
        assert_eq!(viewer["tier"], "CORE");
        assert_eq!(viewer["ledger"]["nodes"].as_array().unwrap().len(), 2);
    }

    async fn a_page_that_is_not_valid_is_refused_under_the_viewer_too(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for list in ["ledger", "payments"] {
            for (arguments, field) in [("first: 101", "first"), ("after: \"odd\"", "after"), ("first: 1, last: 1", "last")] {
                let answer = ada.asks(&format!("{{ viewer {{ {list}({arguments}) {{ nodes {{ id }} }} }} }}")).await;
                assert_eq!(answer["errors"][0]["extensions"]["field"], field, "{list}({arguments}) {answer}");
            }
        }
    }

    async fn balance_tier_and_subscription_of_root_and_viewer_cost_one_statement(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let database = app.inside().await.database.clone();
        let standing = "balance { credits } tier subscription { id }";
        let root = format!("{{ viewer {{ id }} {standing} }}");
        let both = format!("{{ viewer {{ id {standing} }} {standing} }}");
        // The least of several measurements, since other work is counted too.
        let mut least = [u64::MAX; 2];
        for _ in 0..3 {
            for (document, least) in [&root, &both].into_iter().zip(&mut least) {
                let before = database.statements();
                ada.asks(document).await;
                *least = (*least).min(database.statements() - before);
            }
        }
        assert_eq!(least[0], least[1]);
        assert_eq!(ada.asks(&both).await["data"]["viewer"]["tier"], json!("FREE"));
    }
}
