//! A field that a document selects twice is resolved once.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::{on_the_wire, with_settings};
use crate::harness::{Socket, TestApp};

const PACK: &str = "purchaseCredits(input: { credits: 30, successUrl: \"https://patchhive.example/\", cancelUrl: \
                    \"https://patchhive.example/\" })";

/// Number of checkouts requested from Stripe.
fn checkouts(app: &TestApp) -> u64 {
    app.sandbox().requests().get("POST /v1/checkout/sessions").copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_that_is_selected_twice_runs_once_and_answers_with_both_selections() {
    on_the_wire(async |app| {
        for mutation in [
            format!("mutation {{ {PACK} {{ id }} {PACK} {{ url }} }}"),
            format!("mutation {{ {PACK} {{ id }} ...Again }} fragment Again on Mutation {{ {PACK} {{ url }} }}"),
            format!("mutation {{ ... {{ {PACK} {{ id }} }} ... on Mutation {{ {PACK} {{ url }} }} }}"),
        ] {
            let before = checkouts(&app);
            let user = app.signs_up(&format!("user{before}")).await;
            let checkout = user.gets(&mutation, json!({})).await;
            assert!(checkout["id"].is_string() && checkout["url"].is_string(), "{checkout}");
            assert_eq!(checkouts(&app), before + 1, "{mutation}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_that_is_selected_twice_and_not_alike_is_refused() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let other = PACK.replace("30", "31");
        for mutation in [
            format!("mutation {{ {PACK} {{ id }} {other} {{ id }} }}"),
            format!("mutation {{ {PACK} {{ id }} {PACK} @include(if: true) {{ id }} }}"),
            format!("mutation {{ {PACK} {{ id }} ... @include(if: true) {{ {PACK} {{ id }} }} }}"),
            format!("mutation {{ {PACK} {{ id }} ...Again @skip(if: false) }} fragment Again on Mutation {{ {PACK} {{ id }} }}"),
        ] {
            assert_eq!(ada.is_refused(&mutation, json!({})).await, "BAD_REQUEST", "{mutation}");
        }
        assert_eq!(checkouts(&app), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_mutations_run_one_after_the_other_where_they_are_allowed() {
    let settings = |config: &mut patch_hive::config::Config| config.limits.document.mutations = 2;
    with_settings(settings, async |app| {
        let ada = app.signs_up("ada").await;
        let both = format!("mutation {{ a: {PACK} {{ id }} b: {PACK} {{ id }} }}");
        let answer = ada.asks(&both).await;
        assert!(answer["data"]["a"]["id"].is_string() && answer["data"]["b"]["id"].is_string(), "{answer}");
        let three = format!("mutation {{ a: {PACK} {{ id }} b: {PACK} {{ id }} c: {PACK} {{ id }} }}");
        assert_eq!(ada.is_refused(&three, json!({})).await, "TOO_MANY_ROOT_FIELDS");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_selected_in_many_places_is_resolved_in_one() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let query = "query ($yes: Boolean!, $no: Boolean!) {
            ...Head
            viewer { username ...Name balance { credits } }
            viewer { balance { version ...Rest } }
            again: viewer { username }
            quote: creditQuote(credits: 30) { credits }
            ... @include(if: $yes) { tier quote: creditQuote(credits: 30) { amount { amount } } }
            ... @include(if: $no) { payments { nodes { id } } }
        }
        fragment Head on Query { viewer { __typename } }
        fragment Name on User { username displayName ... on User { balance { unlimited } } }
        fragment Rest on Balance { credits exportsLeft }";
        assert_json_snapshot!(ada.asks_with(query, json!({ "yes": true, "no": false })).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_field_is_resolved_where_its_condition_holds() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mutation = "mutation { chargeExport(input: { runId: \"run\", idempotencyKey: \"key\" }) {
            __typename
            ... on InsufficientCredits { required }
            ... on ExportCharge { runId }
            ...Lacking
            ... on InsufficientCredits { plans { tier } }
        } }
        fragment Lacking on InsufficientCredits { shortfall plans { tier name } }";
        assert_json_snapshot!(ada.asks(mutation).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_selected_twice_is_one_stream() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let payload = json!({ "authorization": format!("Bearer {}", ada.token()) });
        let mut socket = Socket::open(app.address(), Some(payload)).await;
        let twice = "subscription { balanceChanged { version } ...F } fragment F on Subscription { balanceChanged { snapshot } }";
        socket.subscribes("one", twice, json!({})).await;
        let first: Value = socket.pushed().await;
        assert_eq!(first, json!({ "version": 0, "snapshot": true }));
        socket.stays_silent().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_in_a_document_are_reported_although_fragments_were_expanded() {
    on_the_wire(async |app| {
        let visitor = app.visitor();
        assert_json_snapshot!([
            visitor.asks("{ ...F } fragment F on Plan { tier }").await,
            visitor.asks("{ ...F } fragment F on Nothing { tier }").await,
            visitor.asks("{ tier } fragment Unused on Query { tier }").await,
            visitor.asks("{ ...Missing }").await,
            visitor.asks("query A { ...F } query B { ...F nonsense } fragment F on Query { tier }").await,
            visitor.asks_with("query A($unused: Int) { tier }", json!({})).await,
            visitor.asks("{ quote: creditQuote(credits: 1) { credits } ...F } fragment F on Query { quote: creditQuote(credits: 2) { credits } }").await,
        ]);
    })
    .await;
}
