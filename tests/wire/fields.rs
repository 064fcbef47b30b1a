//! Errors name the arguments that are not valid, all of them at once.

use entity::user::Role;
use serde_json::{Value, json};

use super::on_the_wire;
use crate::harness::{
    Actor,
    actor::{
        CHECKOUT, EXPORT, PLAN_CHANGE, PORTAL, PREVIEW, PURCHASE, checkout, export, plan_change, portal, purchase,
    },
};

/// A mutation with an `input` of its own type.
fn mutation(name: &str) -> String {
    let input_type = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    format!("mutation ($input: {input_type}!) {{ {name}(input: $input) {{ __typename }} }}")
}

fn adjustment(user_id: &str, credits: i64) -> Value {
    json!({ "userId": user_id, "credits": credits, "reason": "a test", "idempotencyKey": "one" })
}

/// The code and the extensions of the only error.
async fn extensions(who: &Actor, document: &str, variables: Value) -> Value {
    let mut answer = who.asks_with(document, variables).await;
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    answer["errors"][0]["extensions"].take()
}

async fn names(who: &Actor, document: &str, variables: Value, field: &str) {
    let extensions = extensions(who, document, variables).await;
    let expected = (&json!("BAD_USER_INPUT"), &json!(field), &json!(field));
    let named = (&extensions["code"], &extensions["field"], &extensions["problems"][0]["field"]);
    assert_eq!(named, expected, "{document} {extensions}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_of_a_query_that_is_not_valid_is_named() {
    on_the_wire(async |app| {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let by_variable = "query ($n: Int) { payments(last: $n) { nodes { id } } }";
        names(&ada, by_variable, json!({ "n": 101 }), "last").await;
        names(&ada, PREVIEW, json!({ "tier": "FREE" }), "tier").await;
        let search = "query ($search: String) { users(search: $search) { nodes { id } } }";
        names(&admin, search, json!({ "search": "x".repeat(300) }), "search").await;
        for (document, field) in [
            ("{ ledger(first: 101) { nodes { id } } }", "first"),
            ("{ ledger(first: -1) { nodes { id } } }", "first"),
            ("{ ledger(last: -1) { nodes { id } } }", "last"),
            ("{ ledger(first: 1, last: 1) { nodes { id } } }", "last"),
            ("{ ledger(after: \"odd\") { nodes { id } } }", "after"),
            ("{ ledger(before: \"odd\") { nodes { id } } }", "before"),
            ("{ creditQuote(credits: 0) { credits } }", "credits"),
        ] {
            names(&ada, document, json!({}), field).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_an_input_that_is_not_valid_is_named() {
    on_the_wire(async |app| {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let user_id = ada.gets("{ viewer { id } }", json!({})).await["id"].as_str().unwrap().to_owned();
        names(&ada, PURCHASE, purchase(0), "input.credits").await;
        names(&ada, CHECKOUT, checkout("FREE"), "input.tier").await;
        names(&ada, PORTAL, portal("odd"), "input.returnUrl").await;
        names(&ada, EXPORT, export("", "key"), "input.runId").await;
        names(&ada, EXPORT, export("run", ""), "input.idempotencyKey").await;
        names(&ada, PLAN_CHANGE, plan_change("FREE"), "input.tier").await;
        for (who, name, input, field) in [
            (
                &ada,
                "changePassword",
                json!({ "currentPassword": "a", "newPassword": "long enough" }),
                "currentPassword",
            ),
            (&ada, "changePassword", json!({ "currentPassword": "a", "newPassword": "short" }), "newPassword"),
            (&ada, "resetPassword", json!({ "token": "1.2.3", "newPassword": "long enough" }), "token"),
            (&ada, "verifyEmail", json!({ "token": "1.2.3" }), "token"),
            (&ada, "confirmEmail", json!({ "token": "1.2.3.61" }), "token"),
            (&ada, "changeName", json!({ "username": "" }), "username"),
            (&ada, "changeName", json!({ "username": "ada", "displayName": "" }), "displayName"),
            (&ada, "closeAccount", json!({ "currentPassword": "wrong" }), "currentPassword"),
            (&admin, "grantCredits", adjustment(&user_id, 0), "credits"),
            (&admin, "adjustCredits", adjustment(&user_id, 0), "credits"),
            (&admin, "adjustCredits", adjustment(&user_id, -1), "credits"),
            (&admin, "replayWebhookEvent", json!({ "id": "" }), "id"),
            (&admin, "refundExport", json!({ "chargeId": "1", "reason": " " }), "reason"),
        ] {
            names(who, &mutation(name), json!({ "input": input }), &format!("input.{field}")).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_has_a_name_and_its_limits() {
    on_the_wire(async |app| {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let user_id = ada.gets("{ viewer { id } }", json!({})).await["id"].as_str().unwrap().to_owned();
        let rule = |name: &str, input: Value| (mutation(name), json!({ "input": input }));
        let usage = |to: &str| {
            let times = format!("from: \"2026-01-01T00:00:00Z\", to: \"{to}\"");
            (format!("{{ usage({times}, by: DAY) {{ exports }} }}"), json!({}))
        };
        let below = |below: i64| json!({ "kind": "LOW_BALANCE", "below": below });
        for (who, (document, variables), expected) in [
            (&ada, (PURCHASE.to_owned(), purchase(1001)), json!({ "rule": "RANGE", "min": 1, "max": 1000 })),
            (
                &ada,
                (CHECKOUT.to_owned(), checkout("FREE")),
                json!({ "rule": "ONE_OF", "values": ["CORE", "PRO", "STUDIO"] }),
            ),
            (&ada, (PORTAL.to_owned(), portal("odd")), json!({ "rule": "FORMAT", "format": "URL" })),
            (&ada, (EXPORT.to_owned(), export("", "key")), json!({ "rule": "REQUIRED" })),
            (
                &ada,
                (EXPORT.to_owned(), export("run", &"k".repeat(256))),
                json!({ "rule": "LENGTH", "min": 1, "max": 255 }),
            ),
            (&ada, (EXPORT.to_owned(), export("run", "a\nb")), json!({ "rule": "CHARACTERS" })),
            (
                &ada,
                rule("changePassword", json!({ "currentPassword": "password", "newPassword": "short" })),
                json!({ "rule": "LENGTH", "min": 8, "max": 72 }),
            ),
            (&ada, rule("closeAccount", json!({ "currentPassword": "wrong" })), json!({ "rule": "WRONG_PASSWORD" })),
            (&ada, rule("verifyEmail", json!({ "token": "1.2.3" })), json!({ "rule": "INVALID_LINK" })),
            (&ada, rule("setAlert", below(0)), json!({ "rule": "RANGE", "min": 1, "max": 1_000_000 })),
            (&ada, rule("setAlert", json!({ "kind": "LOW_BALANCE" })), json!({ "rule": "REQUIRED" })),
            (
                &ada,
                rule("setAlert", json!({ "kind": "PAYMENT_FAILED", "below": 1 })),
                json!({ "rule": "NOT_APPLICABLE" }),
            ),
            (&admin, rule("adjustCredits", adjustment(&user_id, -1)), json!({ "rule": "AVAILABLE", "max": 0 })),
            (
                &ada,
                ("{ ledger(first: 101) { nodes { id } } }".to_owned(), json!({})),
                json!({ "rule": "RANGE", "min": 0, "max": 100 }),
            ),
            (
                &ada,
                ("{ ledger(after: \"odd\") { nodes { id } } }".to_owned(), json!({})),
                json!({ "rule": "FORMAT", "format": "CURSOR" }),
            ),
            (&ada, usage("2025-01-01T00:00:00Z"), json!({ "rule": "LATER", "than": "from" })),
            (&ada, usage("2028-01-01T00:00:00Z"), json!({ "rule": "LIMIT", "max": 366 })),
        ] {
            let mut found = extensions(who, &document, variables).await;
            let mut problem = found["problems"][0].take();
            let found = found.as_object_mut().unwrap();
            for other in ["code", "field", "problems"] {
                assert!(found.remove(other).is_some(), "{document}: {other}");
            }
            assert_eq!(Value::Object(found.clone()), expected, "{document}");
            let problem = problem.as_object_mut().unwrap();
            assert!(problem.remove("field").is_some() && problem.remove("message").is_some());
            assert_eq!(Value::Object(problem.clone()), expected, "{document}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_user_violates_a_rule_too() {
    on_the_wire(async |app| {
        app.signs_up("ada").await;
        let taken = json!({ "email": "ada@patchhive.example", "username": "ada", "password": "long enough" });
        let extensions = extensions(&app.visitor(), &mutation("signUp"), json!({ "input": taken })).await;
        let expected = (&json!("ALREADY_EXISTS"), &json!("input.email"), &json!("TAKEN"));
        assert_eq!((&extensions["code"], &extensions["field"], &extensions["rule"]), expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_the_schema_does_not_have_is_repeated_and_a_value_is_not() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let input = json!({ "runId": "run", "idempotencyKey": "key", "password": "hunter2" });
        let answer = ada.asks_with(EXPORT, json!({ "input": input })).await;
        let message = "The variable $input has a field \"password\", which its type does not have.";
        assert_eq!(answer["errors"][0]["message"], message);
        assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "BAD_REQUEST" }));
        let long = json!({ "runId": "run", "idempotencyKey": "key", "x".repeat(5000): 1 });
        let answer = ada.asks_with(EXPORT, json!({ "input": long })).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().len() < 120, "{answer}");
        for (document, name) in [
            ("{ plans { colour } }", "colour"),
            ("{ plans(colour: 1) { tier } }", "colour"),
            ("{ plans { ...Colours } }", "Colours"),
            ("query ($colour: Colour) { plans { tier } }", "Colour"),
        ] {
            let answer = ada.asks(document).await;
            let error = &answer["errors"][0];
            assert!(error["message"].as_str().unwrap().contains(name), "{document}: {answer}");
            assert_eq!(
                (&error["extensions"]["code"], &error["locations"][0]["line"]),
                (&json!("BAD_REQUEST"), &json!(1))
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_arguments_that_are_not_valid_are_named_at_once() {
    on_the_wire(async |app| {
        let (ada, admin) = (app.signs_up("ada").await, app.signs_up_as("admin", Role::Admin).await);
        let user_id = ada.gets("{ viewer { id } }", json!({})).await["id"].clone();
        let urls = |mut input: Value| {
            (input["successUrl"], input["cancelUrl"]) = (json!("odd"), json!("odd"));
            json!({ "input": input })
        };
        let nothing = json!({ "userId": user_id, "credits": 0, "reason": "", "idempotencyKey": "" });
        let reset = json!({ "token": "1.2.3", "newPassword": "short" });
        let users = "{ users(after: \"odd\", search: \"\") { nodes { id } } }";
        for (who, document, variables, expected) in [
            (
                &ada,
                CHECKOUT,
                urls(json!({ "tier": "FREE" })),
                vec!["input.tier", "input.successUrl", "input.cancelUrl"],
            ),
            (
                &ada,
                PURCHASE,
                urls(json!({ "credits": 0 })),
                vec!["input.credits", "input.successUrl", "input.cancelUrl"],
            ),
            (
                &admin,
                &mutation("grantCredits"),
                json!({ "input": nothing.clone() }),
                vec!["input.credits", "input.reason", "input.idempotencyKey"],
            ),
            (
                &admin,
                &mutation("adjustCredits"),
                json!({ "input": nothing }),
                vec!["input.credits", "input.reason", "input.idempotencyKey"],
            ),
            (&ada, &mutation("resetPassword"), json!({ "input": reset }), vec!["input.token", "input.newPassword"]),
            (&ada, "{ ledger(first: 1, last: 1, after: \"\") { nodes { id } } }", json!({}), vec!["last", "after"]),
            (&admin, users, json!({}), vec!["after", "search"]),
        ] {
            let extensions = extensions(who, document, variables).await;
            let problems = extensions["problems"].as_array().into_iter().flatten();
            let fields: Vec<_> = problems.map(|problem| problem["field"].as_str().unwrap()).collect();
            assert_eq!(fields, expected, "{document}");
        }
    })
    .await;
}
