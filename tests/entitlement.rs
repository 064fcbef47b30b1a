//! Other frontends lock features by `can` and `entitlements`, without knowing the plans.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    checkout::at_stripe,
    harness::{Actor, TestApp, facts},
};

const CAN: &str = "query ($feature: FeatureCode!) { viewer { can(feature: $feature) } }";

const ENTITLEMENTS: &str =
    "{ viewer { tier balance { unlimited } entitlements { feature { code label } granted addedBy } } }";

const PLANS: &str = "{ plans { tier includes features { code label } } }";

async fn can(user: &Actor, feature: &str) -> bool {
    user.gets(CAN, json!({ "feature": feature })).await["can"].as_bool().unwrap()
}

/// The codes that are granted, and the tiers that would add the others.
async fn entitlements(user: &Actor) -> (Vec<String>, Vec<(String, Value)>) {
    let viewer = user.gets(ENTITLEMENTS, json!({})).await;
    let code = |one: &Value| one["feature"]["code"].as_str().unwrap().to_owned();
    let (granted, missing): (Vec<_>, Vec<_>) =
        viewer["entitlements"].as_array().unwrap().iter().partition(|one| one["granted"] == true);
    assert!(granted.iter().all(|one| one["addedBy"].is_null()));
    (granted.into_iter().map(code).collect(), missing.iter().map(|one| (code(one), one["addedBy"].clone())).collect())
}

/// The features of each plan without those that it includes, from the lowest plan to the highest.
async fn features(app: &TestApp) -> Vec<(String, Vec<String>)> {
    let plans = app.visitor().gets(PLANS, json!({})).await;
    let codes = |plan: &Value| {
        plan["features"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    plans.as_array().unwrap().iter().map(|plan| (plan["tier"].as_str().unwrap().to_owned(), codes(plan))).collect()
}

facts! {
    async fn each_plan_grants_its_features_and_names_the_tiers_that_add_the_rest(app: TestApp) {
        let plans = features(&app).await;
        for (number, (tier, _)) in plans.iter().enumerate() {
            let user = app.signs_up(&tier.to_lowercase()).await;
            if tier != "FREE" {
                user.subscribes(tier).await;
            }
            let (granted, missing) = entitlements(&user).await;
            let own = plans[..=number].iter().flat_map(|(_, codes)| codes.clone());
            assert_eq!(granted, own.collect::<Vec<_>>(), "{tier}");
            let above = plans[number + 1..].iter();
            let expected = above.flat_map(|(tier, codes)| codes.iter().map(move |code| (code.clone(), json!(tier))));
            assert_eq!(missing, expected.collect::<Vec<_>>(), "{tier}");
            for code in plans.iter().flat_map(|(_, codes)| codes) {
                assert_eq!(can(&user, code).await, granted.contains(code), "{tier} {code}");
            }
        }
    }

    async fn entitlements_have_the_labels_of_the_plans(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let plans = app.visitor().gets(PLANS, json!({})).await;
        let listed = plans.as_array().unwrap().iter().flat_map(|plan| plan["features"].as_array().unwrap().clone());
        let viewer = ada.gets(ENTITLEMENTS, json!({})).await;
        let entitled = viewer["entitlements"].as_array().unwrap().iter().map(|one| one["feature"].clone());
        assert_eq!(entitled.collect::<Vec<_>>(), listed.collect::<Vec<_>>());
    }

    async fn entitlements_end_with_the_subscription(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        ada.cancels().await;
        app.settles().await;
        assert!(can(&ada, "PATCH_VARIANTS").await, "paid for until the period ends");
        app.sandbox().advance(Duration::from_hours(32 * 24)).await;
        app.settles().await;
        assert!(!can(&ada, "PATCH_VARIANTS").await);
        assert!(can(&ada, "COMMUNITY").await);
    }

    async fn unlimited_exports_are_granted_as_long_as_exports_cost_nothing(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("STUDIO").await;
        assert!(can(&ada, "UNLIMITED_EXPORTS").await);
        let payment = at_stripe(&app, "/v1/payment_intents?limit=1").await["data"][0]["id"].clone();
        app.sandbox().refund(payment.as_str().unwrap(), None).unwrap();
        app.settles().await;
        let viewer = ada.gets(ENTITLEMENTS, json!({})).await;
        assert_eq!((&viewer["tier"], &viewer["balance"]["unlimited"]), (&json!("STUDIO"), &json!(false)));
        let (_, missing) = entitlements(&ada).await;
        assert_eq!(missing, [("UNLIMITED_EXPORTS".to_owned(), Value::Null)]);
        assert!(!can(&ada, "UNLIMITED_EXPORTS").await);
        assert!(can(&ada, "PRIORITY_SUPPORT").await);
    }

    async fn a_visitor_has_no_entitlements_and_an_unknown_feature_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        assert_eq!(app.visitor().gets(CAN, json!({ "feature": "COMMUNITY" })).await, Value::Null);
        for feature in [json!("TELEPORTATION"), json!(1), Value::Null] {
            assert_eq!(ada.is_refused(CAN, json!({ "feature": feature })).await, "BAD_REQUEST", "{feature}");
        }
    }

    async fn entitlements_cost_no_statement_beside_the_balance_and_the_tier(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let database = app.inside().await.database.clone();
        let standing = "balance { credits } tier";
        let gates = "core: can(feature: PATCH_FINGERPRINT) studio: can(feature: COMMERCIAL_LICENSE) entitlements { granted }";
        // The least of several measurements, since other work is counted too.
        let mut least = [u64::MAX; 2];
        for _ in 0..3 {
            for (selection, least) in [standing.to_owned(), format!("{standing} {gates}")].iter().zip(&mut least) {
                let before = database.statements();
                ada.gets(&format!("{{ viewer {{ {selection} }} }}"), json!({})).await;
                *least = (*least).min(database.statements() - before);
            }
        }
        assert_eq!(least[0], least[1]);
    }
}
