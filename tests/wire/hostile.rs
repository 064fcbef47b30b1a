//! Hostile documents, small to send and expensive to process, are refused before they cost much, over HTTP and websockets
//! alike.

mod attacks;
mod chunks;
mod cost;
mod honest;
mod recipe;
mod search;

use serde_json::{Value, json};

use self::attacks::{Attack, attacks};
use super::{GRAPHQL_RESPONSE, on_the_wire};
use crate::harness::{Socket, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_document_is_refused_with_its_code() {
    on_the_wire(async |app| {
        for attack in attacks() {
            let (status, error) = by_http(&app, &attack).await;
            assert_eq!((status, code(&error)), (400, attack.code), "{}: {error}", attack.name);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_document_is_refused_by_a_socket_alike_and_the_socket_lives_on() {
    on_the_wire(async |app| {
        let mut socket = Socket::open(app.address(), None).await;
        // A message is as large as a body may be: what would not fit any more with its frame around it was tried by HTTP.
        // A socket's `subscribe` in the tests carries no name of an operation.
        let attacks = attacks().into_iter().filter(|attack| attack.operation_name.is_none());
        for attack in attacks.filter(|attack| attack.body().len() < 65_000) {
            socket.subscribes("one", &attack.query, attack.variables.clone()).await;
            let message = socket.next().await;
            assert_eq!(message["type"], "error", "{}: {message}", attack.name);
            assert_eq!(code(&message["payload"][0]), attack.code, "{}: {message}", attack.name);
        }
        socket.subscribes("two", "{ plans { tier } }", json!({})).await;
        assert_eq!(socket.next().await["type"], "next");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_at_most_four_kilobytes() {
    on_the_wire(async |app| {
        for attack in attacks() {
            let answer = request(&app, &attack).send().await.unwrap().text().await.unwrap();
            assert!(answer.len() <= cost::MAX_ANSWER_BYTES, "{}: {} bytes", attack.name, answer.len());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_errors_of_an_operation_that_fails_everywhere_have_at_most_four_kilobytes() {
    on_the_wire(async |app| {
        let fields = (0..20).map(|n| format!("{}{n}: user(id: 1) {{ id }} ", "x".repeat(120)));
        let answer = app.visitor().asks(&format!("{{ {} }}", fields.collect::<String>())).await;
        assert_eq!(code(&answer["errors"][0]), "UNAUTHENTICATED", "{answer}");
        let bytes = answer["errors"].to_string().len();
        assert!(bytes <= cost::MAX_ANSWER_BYTES, "{bytes} bytes");
    })
    .await;
}

fn request(app: &TestApp, attack: &Attack) -> reqwest::RequestBuilder {
    let request = app.http().post(app.url("/graphql")).header("Accept", GRAPHQL_RESPONSE);
    request.header("Content-Type", "application/json").body(attack.body())
}

async fn by_http(app: &TestApp, attack: &Attack) -> (u16, Value) {
    let response = request(app, attack).send().await.unwrap();
    let status = response.status().as_u16();
    let mut body: Value = response.json().await.unwrap();
    assert!(body.get("data").is_none(), "{}: {body}", attack.name);
    (status, body["errors"][0].take())
}

fn code(error: &Value) -> &str {
    error["extensions"]["code"].as_str().unwrap_or("no code")
}
