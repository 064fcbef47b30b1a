//! Operators list and find users, and nobody else can.

use entity::user::Role;
use serde_json::{Value, json};

use crate::{
    checkout::at_stripe,
    harness::{Actor, TestApp, facts},
    subscription::{duplicate::newest_payment, newest},
};

const PAGE: &str = "query ($first: Int, $after: String, $search: String) { users(first: $first, after: $after, \
    search: $search) { nodes { username } edges { cursor node { username } } pageInfo { hasNextPage hasPreviousPage \
    startCursor endCursor } } }";

const RICH_PAGE: &str = "query ($first: Int) { users(first: $first) { nodes { id email balance { credits version } \
    tier subscription { tier status } } } }";

fn usernames(page: &Value) -> Vec<&str> {
    page["nodes"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect()
}

async fn finds(admin: &Actor, search: &str) -> Vec<String> {
    let page = admin.gets(PAGE, json!({ "search": search })).await;
    usernames(&page).into_iter().map(ToOwned::to_owned).collect()
}

async fn sign_up(app: &TestApp, email: &str, username: &str) {
    let input = json!({ "email": email, "username": username, "password": "a good password" });
    let document = "mutation ($input: SignUpInput!) { signUp(input: $input) { token } }";
    app.visitor().gets(document, json!({ "input": input })).await;
}

facts! {
    async fn only_an_admin_reads_other_users(app: TestApp) {
        let user = app.signs_up("ada").await;
        let service = app.signs_up_as("exporter", Role::Service).await;
        for document in ["{ users { nodes { id } } }", "{ user(id: 1) { id } }", "{ user(id: 999) { id } }"] {
            for actor in [&user, &service] {
                assert_eq!(actor.is_refused(document, json!({})).await, "FORBIDDEN", "{document}");
            }
            assert_eq!(app.visitor().is_refused(document, json!({})).await, "UNAUTHENTICATED", "{document}");
        }
    }

    async fn an_admin_finds_a_user_by_id(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let id = ada.gets("{ viewer { id } }", json!({})).await["id"].clone();
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let document = "query ($id: ID!) { user(id: $id) { username tier balance { credits version } } }";

        let found = admin.gets(document, json!({ "id": id })).await;

        assert_eq!(found, json!({ "username": "ada", "tier": "FREE", "balance": { "credits": 0, "version": 0 } }));
        for odd in ["999", "0", "-1", "ada", "", "9223372036854775808", "1.5"] {
            assert_eq!(admin.gets(document, json!({ "id": odd })).await, Value::Null, "{odd:?}");
        }
    }

    async fn users_come_in_pages_newest_first(app: TestApp) {
        for name in ["one", "two", "three", "four", "five", "six"] {
            app.signs_up(name).await;
        }
        let admin = app.signs_up_as("admin", Role::Admin).await;

        let first = admin.gets(PAGE, json!({ "first": 3 })).await;
        let second = admin.gets(PAGE, json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
        let third = admin.gets(PAGE, json!({ "first": 3, "after": second["pageInfo"]["endCursor"] })).await;
        let beyond = admin.gets(PAGE, json!({ "first": 3, "after": third["pageInfo"]["endCursor"] })).await;

        assert_eq!(usernames(&first), ["admin", "six", "five"]);
        assert_eq!(usernames(&second), ["four", "three", "two"]);
        assert_eq!(usernames(&third), ["one"]);
        assert_eq!(usernames(&beyond), [""; 0]);
        for (page, next, previous) in [(&first, true, false), (&second, true, true), (&third, false, true)] {
            assert_eq!(page["pageInfo"]["hasNextPage"], next, "{page}");
            assert_eq!(page["pageInfo"]["hasPreviousPage"], previous, "{page}");
            assert_eq!(page["edges"][0]["cursor"], page["pageInfo"]["startCursor"]);
            assert_eq!(page["edges"][0]["node"], page["nodes"][0]);
        }
    }

    async fn cursors_are_opaque(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let page = admin.gets(PAGE, json!({})).await;
        let cursor = page["pageInfo"]["endCursor"].as_str().unwrap();
        assert!(cursor.parse::<i64>().is_err(), "{cursor}");
    }

    async fn a_page_holds_none_to_a_hundred_users(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        for first in [101, -1, i32::MAX, i32::MIN] {
            assert_eq!(admin.is_refused(PAGE, json!({ "first": first })).await, "BAD_USER_INPUT", "{first}");
        }
        assert_eq!(usernames(&admin.gets(PAGE, json!({ "first": 100 })).await), ["admin"]);
        assert_eq!(usernames(&admin.gets(PAGE, json!({ "first": 0 })).await), [""; 0]);
    }

    async fn an_invalid_cursor_is_refused(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        for after in ["", "1", "%%%", "bm90IGEgbnVtYmVy", "\u{0}", "🎛"] {
            assert_eq!(admin.is_refused(PAGE, json!({ "after": after })).await, "BAD_USER_INPUT", "{after:?}");
        }
    }

    async fn a_page_is_taken_from_one_end(app: TestApp) {
        let ada = app.signs_up("ada").await;
        for list in ["ledger", "payments"] {
            let document = format!("{{ {list}(first: 1, last: 1) {{ nodes {{ id }} }} }}");
            assert_eq!(ada.is_refused(&document, json!({})).await, "BAD_USER_INPUT", "{list}");
        }
    }

    async fn a_search_is_for_text_and_not_for_a_pattern(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        sign_up(&app, "hundred@patchhive.example", "100% Eurorack").await;
        sign_up(&app, "under_score@patchhive.example", "Under").await;
        sign_up(&app, "slash@patchhive.example", r"back\slash").await;

        assert_eq!(finds(&admin, "%").await, ["100% Eurorack"]);
        assert_eq!(finds(&admin, "_").await, ["Under"]);
        assert_eq!(finds(&admin, r"\").await, [r"back\slash"]);
        assert_eq!(finds(&admin, "'").await, [""; 0]);
        assert_eq!(finds(&admin, "a%n").await, [""; 0]);
    }

    async fn a_search_looks_into_emails_and_names_without_case(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        sign_up(&app, "ada@patchhive.example", "Countess").await;
        sign_up(&app, "bob@elsewhere.example", "Ada's friend").await;

        assert_eq!(finds(&admin, "ADA").await, ["Ada's friend", "Countess"]);
        assert_eq!(finds(&admin, "elsewhere").await, ["Ada's friend"]);
        assert_eq!(finds(&admin, "nobody").await, [""; 0]);
    }

    async fn a_search_finds_the_customer_of_an_object_at_stripe(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        ada.subscribes("CORE").await;
        let plan = newest(&app).await;
        let of_plan = newest_payment(&app).await;
        bob.buys(40).await;
        let of_pack = newest_payment(&app).await;
        for id in [&plan["customer"], &plan["id"], &plan["latest_invoice"], &json!(of_plan)] {
            let id = id.as_str().unwrap();
            assert_eq!(finds(&admin, id).await, ["ada"], "{id}");
            assert_eq!(finds(&admin, &format!("  {id} ")).await, ["ada"], "{id}");
            assert_eq!(finds(&admin, &id[..id.len() - 1]).await, [""; 0], "not by a part of an id");
        }
        let session = at_stripe(&app, &format!("/v1/checkout/sessions?payment_intent={of_pack}")).await["data"][0].clone();
        for id in [of_pack.as_str(), session["id"].as_str().unwrap(), session["invoice"].as_str().unwrap()] {
            assert_eq!(finds(&admin, id).await, ["bob"], "{id}");
        }
        // A former customer of the user, and a subscription that has ended.
        let customer = plan["customer"].as_str().unwrap();
        let url = format!("http://{}/v1/customers/{customer}", app.sandbox().address());
        assert_eq!(app.http().delete(url).bearer_auth("sk_test_tests").send().await.unwrap().status(), 200);
        app.settles().await;
        for id in [customer, plan["id"].as_str().unwrap()] {
            assert_eq!(finds(&admin, id).await, ["ada"], "{id}");
        }
        for odd in ["cus_", "sub_none", "pi_%", "in_' OR 1=1", "cs_", "cus_\u{1f41d}", "evt_1"] {
            assert_eq!(finds(&admin, odd).await, [""; 0], "{odd:?}");
        }
    }

    async fn a_search_finds_a_user_by_the_id_of_the_api(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let (ada, _) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let id = ada.gets("{ viewer { id } }", json!({})).await["id"].as_str().unwrap().to_owned();
        for text in [id.clone(), format!(" {id} ")] {
            assert_eq!(finds(&admin, &text).await, ["ada"], "{text:?}");
        }
        let row = id.strip_prefix("user_").unwrap();
        for odd in [format!("balance_{row}"), format!("user_0{row}"), "user_999".to_owned(), "user_".to_owned()] {
            assert_eq!(finds(&admin, &odd).await, [""; 0], "{odd:?}");
        }
    }

    async fn an_endless_search_is_refused(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        let search = "x".repeat(256);
        assert_eq!(admin.is_refused(PAGE, json!({ "search": search })).await, "BAD_USER_INPUT");
    }

    async fn a_page_of_many_users_costs_as_many_statements_as_a_page_of_two(app: TestApp) {
        let admin = app.signs_up_as("admin", Role::Admin).await;
        for number in 0..30 {
            app.signs_up(&format!("user{number}")).await;
        }

        let short = statements(&app, &admin, 2).await;
        let long = statements(&app, &admin, 31).await;

        assert_eq!(long, short);
        assert!(short <= 3, "users, their accounts, their subscriptions: {short} statements");
    }
}

/// The number of statements per page: the least of several measurements, since other work is counted too.
async fn statements(app: &TestApp, admin: &Actor, first: usize) -> u64 {
    let database = app.inside().await.database.clone();
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = database.statements();
        let page = admin.gets(RICH_PAGE, json!({ "first": first })).await;
        least = least.min(database.statements() - before);
        assert_eq!(page["nodes"].as_array().unwrap().len(), first);
    }
    least
}
