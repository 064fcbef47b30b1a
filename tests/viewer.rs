//! Private data is also under `viewer`, so that one document serves visitors and users.

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
