//! Users change their names and their email, and Stripe's customer follows.

use entity::{customer, work::Kind};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::mail::with_mail;
use crate::harness::{Actor, TestApp, facts};

const CHANGE_NAME: &str =
    "mutation ($input: ChangeNameInput!) { changeName(input: $input) { username displayName email } }";
const CHANGE_EMAIL: &str = "mutation ($input: ChangeEmailInput!) { changeEmail(input: $input) { email } }";
const CONFIRM: &str =
    "mutation ($input: ConfirmEmailInput!) { confirmEmail(input: $input) { token user { email emailVerified } } }";
const CHANGE_PASSWORD: &str = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { token } }";

pub(super) const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { token } }";

fn names(username: &str, display_name: Option<&str>) -> Value {
    json!({ "input": { "username": username, "displayName": display_name } })
}

fn change(email: &str, password: &str) -> Value {
    json!({ "input": { "email": email, "currentPassword": password } })
}

fn confirm(token: &str) -> Value {
    json!({ "input": { "token": token } })
}

fn credentials(email: &str, password: &str) -> Value {
    json!({ "input": { "email": email, "password": password } })
}

/// The customer at Stripe of the only user who has one.
pub(super) async fn customer_at_stripe(app: &TestApp) -> Value {
    let row = customer::Entity::find().one(app.inside().await.database.read()).await.unwrap().unwrap();
    app.sandbox().object(&row.stripe_customer_id).unwrap()
}

async fn confirmed(app: &TestApp, token: &str) -> Actor {
    let session = app.visitor().gets(CONFIRM, confirm(token)).await;
    assert_eq!(session["user"]["emailVerified"], true);
    app.bearer(session["token"].as_str().unwrap())
}

facts! {
    async fn names_change_by_the_rules_of_sign_up_and_receipts_follow(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let bob = app.signs_up("bob").await;
        ada.opens_purchase(25).await;

        let changed = ada.gets(CHANGE_NAME, names("countess", Some("Ada Lovelace"))).await;

        let expected = json!({ "username": "countess", "displayName": "Ada Lovelace", "email": "ada@patchhive.example" });
        assert_eq!(changed, expected);
        app.works_off(Kind::Customer).await;
        assert_eq!(customer_at_stripe(&app).await["name"], "Ada Lovelace");
        assert_eq!(ada.gets(CHANGE_NAME, names("ada", None)).await["displayName"], Value::Null);
        app.works_off(Kind::Customer).await;
        let customer = customer_at_stripe(&app).await;
        assert_eq!((&customer["name"], &customer["email"]), (&json!("ada"), &json!("ada@patchhive.example")));
        for (username, display_name) in [("", None), (" ", None), ("two\nlines", None), ("ada", Some("")), (&*"x".repeat(101), None)] {
            assert_eq!(ada.is_refused(CHANGE_NAME, names(username, display_name)).await, "BAD_USER_INPUT", "{username:?}");
        }
        assert_eq!(app.visitor().is_refused(CHANGE_NAME, names("eve", None)).await, "UNAUTHENTICATED");
        assert_eq!(bob.gets("{ viewer { username } }", json!({})).await["username"], "bob");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_changes_when_the_mailed_link_is_followed() {
    with_mail(async |app, mut server| {
        let ada = app.signs_up("ada").await;
        ada.opens_purchase(25).await;
        let mailed = ada.gets(CHANGE_EMAIL, change(" Countess@patchhive.example", "ada's password")).await;
        assert_eq!(mailed, json!({ "email": "countess@patchhive.example" }));
        let mails = server.next_two().await;
        let notice = mails.to("ada@patchhive.example");
        assert!(notice.contains("countess@patchhive.example") && !notice.contains("#token="), "{notice}");
        let (page, token) = mails.link_to("countess@patchhive.example");
        assert_eq!(page, "/confirm-email");
        let before = ada.gets("{ viewer { email } }", json!({})).await;
        assert_eq!(before["email"], "ada@patchhive.example");

        let now = confirmed(&app, &token).await;

        assert_eq!(now.gets("{ viewer { email } }", json!({})).await["email"], "countess@patchhive.example");
        assert_eq!(ada.is_refused("{ tier }", json!({})).await, "UNAUTHENTICATED");
        assert!(server.next_to("ada@patchhive.example").await.contains("was changed"));
        app.works_off(Kind::Customer).await;
        assert_eq!(customer_at_stripe(&app).await["email"], "countess@patchhive.example");
        for (email, outcome) in [("ada@patchhive.example", false), ("countess@patchhive.example", true)] {
            let answer = app.visitor().asks_with(LOG_IN, credentials(email, "ada's password")).await;
            assert_eq!(answer["data"]["logIn"]["token"].is_string(), outcome, "{email} {answer}");
        }
        assert_eq!(app.visitor().is_refused(CONFIRM, confirm(&token)).await, "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_email_needs_the_password_and_a_good_address() {
    with_mail(async |app, _server| {
        let ada = app.signs_up("ada").await;
        for (email, password) in [
            ("new@patchhive.example", "wrong password"),
            ("new@patchhive.example", ""),
            ("not an email", "ada's password"),
            ("ADA@patchhive.example", "ada's password"),
        ] {
            assert_eq!(ada.is_refused(CHANGE_EMAIL, change(email, password)).await, "BAD_USER_INPUT", "{email}");
        }
        let visitor = app.visitor();
        assert_eq!(visitor.is_refused(CHANGE_EMAIL, change("new@patchhive.example", "x")).await, "UNAUTHENTICATED");
        for token in ["", "1.2.3", "1.2.3.zz", "1.99999999999.00.6161", "1.99999999999.00.ff"] {
            assert_eq!(visitor.is_refused(CONFIRM, confirm(token)).await, "BAD_USER_INPUT", "{token}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_to_the_email_of_another_user_gets_the_same_answer_and_no_link() {
    with_mail(async |app, mut server| {
        let ada = app.signs_up("ada").await;
        app.signs_up("bob").await;
        let mailed = ada.gets(CHANGE_EMAIL, change("bob@patchhive.example", "ada's password")).await;
        assert_eq!(mailed, json!({ "email": "bob@patchhive.example" }));
        let mails = server.next_two().await;
        assert!(!mails.to("bob@patchhive.example").contains("#token="));
        assert!(mails.to("ada@patchhive.example").contains("bob@patchhive.example"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_with_the_password_that_requested_it_and_with_every_other_link() {
    with_mail(async |app, mut server| {
        let ada = app.signs_up("ada").await;
        let mut tokens = Vec::new();
        for email in ["one@patchhive.example", "two@patchhive.example"] {
            ada.gets(CHANGE_EMAIL, change(email, "ada's password")).await;
            tokens.push(server.next_two().await.link_to(email).1);
        }
        let ada = confirmed(&app, &tokens[0]).await;
        server.next_to("ada@patchhive.example").await;
        assert_eq!(app.visitor().is_refused(CONFIRM, confirm(&tokens[1])).await, "BAD_USER_INPUT");
        ada.gets(CHANGE_EMAIL, change("three@patchhive.example", "ada's password")).await;
        let (_, token) = server.next_two().await.link_to("three@patchhive.example");
        let input = json!({ "input": { "currentPassword": "ada's password", "newPassword": "another password" } });
        ada.gets(CHANGE_PASSWORD, input).await;
        assert_eq!(app.visitor().is_refused(CONFIRM, confirm(&token)).await, "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_taken_since_the_link_was_sent_is_refused() {
    with_mail(async |app, mut server| {
        let ada = app.signs_up("ada").await;
        ada.gets(CHANGE_EMAIL, change("bob@patchhive.example", "ada's password")).await;
        let (_, token) = server.next_two().await.link_to("bob@patchhive.example");
        app.signs_up("bob").await;
        assert_eq!(app.visitor().is_refused(CONFIRM, confirm(&token)).await, "ALREADY_EXISTS");
        assert_eq!(ada.gets("{ viewer { email } }", json!({})).await["email"], "ada@patchhive.example");
    })
    .await;
}
