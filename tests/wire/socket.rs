//! `graphql-transport-ws` follows its rules, and each violation has its close code.

use std::time::Duration;

use entity::{ledger_entry::ChangeType, user::Role};
use patch_hive::{
    config::Config,
    ledger::{self, Posting, Unlimited},
    throttle::Rate,
};
use serde_json::{Value, json};

use super::{limits::rates, on_the_wire, with_settings};
use crate::harness::{
    Socket, TestApp,
    actor::{EXPORT, WATCH_BALANCE, export},
    socket::{PROTOCOL, Part},
};

async fn is_closed(socket: &mut Socket, code: u16) {
    assert_eq!(u16::from(socket.closes().await.code), code);
}

/// An error of an operation that never ran.
async fn is_refused(socket: &mut Socket, id: &str, code: &str) {
    let message = socket.next().await;
    assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
    assert_eq!(message["payload"][0]["extensions"]["code"], code, "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_message_closes_with_4400() {
    on_the_wire(async |app| {
        for odd in [
            "",
            "nonsense",
            "null",
            "[]",
            "{}",
            r#"{"type": "connection_ack"}"#,
            r#"{"type": "start", "id": "1"}"#,
            r#"{"type": "connection_init", "payload": "text"}"#,
            r#"{"type": "subscribe", "id": "1"}"#,
            r#"{"type": "subscribe", "payload": {"query": "{ plans { tier } }"}}"#,
            r#"{"type": "subscribe", "id": 1, "payload": {"query": "{ plans { tier } }"}}"#,
            r#"{"type": "subscribe", "id": "", "payload": {"query": "{ plans { tier } }"}}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {"query": 7}}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {"query": "{ plans { tier } }", "variables": []}}"#,
            r#"{"type": "complete"}"#,
            r#"{"type": "ping", "type": "pong"}"#,
        ] {
            let mut socket = Socket::open(app.address(), None).await;
            socket.sends_text(odd).await;
            is_closed(&mut socket, 4400).await;
        }
        let mut socket = Socket::open(app.address(), None).await;
        socket.sends_bytes(vec![0xff, 0xfe]).await;
        is_closed(&mut socket, 4400).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_before_the_acknowledgement_closes_with_4401() {
    on_the_wire(async |app| {
        let mut socket = Socket::connect(app.address()).await;
        socket.subscribes("1", "{ plans { tier } }", json!({})).await;
        is_closed(&mut socket, 4401).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_no_known_subprotocol_is_let_in_and_closed_with_4406() {
    on_the_wire(async |app| {
        for headers in [vec![], vec![(PROTOCOL.0, "graphql-ws")], vec![(PROTOCOL.0, "soap, mqtt")]] {
            // A client that is answered without a subprotocol may give up at once, as browsers do.
            if let Ok(mut socket) = Socket::connect_with(app.address(), &headers).await {
                is_closed(&mut socket, 4406).await;
            }
        }
        let mut socket = Socket::connect_with(app.address(), &[]).await.unwrap();
        is_closed(&mut socket, 4406).await;
        let either = [(PROTOCOL.0, "graphql-ws, graphql-transport-ws")];
        let mut socket = Socket::connect_with(app.address(), &either).await.unwrap();
        socket.initialises(None).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_taken_closes_with_4409_and_is_free_again_once_its_operation_ended() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mut socket = ada.connects().await;
        for _ in 0..2 {
            socket.subscribes("1", "{ plans { tier } }", json!({})).await;
            assert_eq!(socket.next().await["type"], "next");
            assert_eq!(socket.next().await["type"], "complete");
        }
        for _ in 0..2 {
            socket.subscribes("1", WATCH_BALANCE, json!({})).await;
            assert_eq!(socket.pushed().await["snapshot"], true);
            socket.sends(&json!({ "type": "complete", "id": "1" })).await;
        }
        socket.subscribes("1", WATCH_BALANCE, json!({})).await;
        socket.pushed().await;
        socket.subscribes("1", "{ plans { tier } }", json!({})).await;
        is_closed(&mut socket, 4409).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_init_closes_with_4429() {
    on_the_wire(async |app| {
        let mut socket = Socket::open(app.address(), None).await;
        socket.initialises(None).await;
        is_closed(&mut socket, 4429).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_closes_with_1009() {
    on_the_wire(async |app| {
        let mut socket = Socket::open(app.address(), None).await;
        socket.subscribes("1", &format!("{{ plans {{ tier }} }}{}", " ".repeat(70_000)), json!({})).await;
        is_closed(&mut socket, 1009).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_with_1012_so_that_clients_go_elsewhere() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let (mut watcher, mut fresh) = (ada.watches_balance(None).await, Socket::connect(app.address()).await);
        watcher.pushed().await;
        let stopping = app.clone();
        let stop = tokio::spawn(async move { stopping.restarts().await });
        is_closed(&mut watcher, 1012).await;
        is_closed(&mut fresh, 1012).await;
        stop.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_counts_as_gone() {
    let impatient = |config: &mut Config| config.limits.keep_alive = Duration::from_millis(100);
    with_settings(impatient, async |app| {
        let mut answers = Socket::open(app.address(), None).await;
        let mut silent = Socket::open(app.address(), None).await;
        // A client that reads answers pings.
        answers.stays_silent_for(Duration::from_millis(700)).await;
        answers.subscribes("1", "{ plans { tier } }", json!({})).await;
        assert_eq!(answers.next().await["type"], "next");
        silent.breaks_off().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_run_is_an_error_of_its_operation_only() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let mut socket = ada.connects().await;
        for document in ["", "{", "{ nonsense }", "subscription { nonsense }"] {
            socket.subscribes("1", document, json!({})).await;
            is_refused(&mut socket, "1", "BAD_REQUEST").await;
        }
        // What fails while it runs has a path, and is a result.
        socket.subscribes("1", r#"{ user(id: "1") { id } }"#, json!({})).await;
        let message = socket.next().await;
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN");
        assert_eq!(socket.next().await["type"], "complete");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_over_a_socket_is_one() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let mut socket = ada.connects().await;
        for replayed in [false, true] {
            socket.subscribes("1", EXPORT, export("run", "key")).await;
            let charge = socket.pushed().await;
            assert_eq!((&charge["replayed"], &charge["balance"]["credits"]), (&json!(replayed), &json!(22)));
            assert_eq!(socket.next().await["type"], "complete");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_with_what_they_carry_before_the_beginning_too() {
    on_the_wire(async |app| {
        let mut socket = Socket::connect(app.address()).await;
        socket.sends(&json!({ "type": "ping", "payload": { "seq": 1 } })).await;
        assert_eq!(socket.next_of_any_kind().await, json!({ "type": "pong", "payload": { "seq": 1 } }));
        socket.initialises(None).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.sends(&json!({ "type": "pong" })).await;
        socket.sends(&json!({ "type": "ping" })).await;
        assert_eq!(socket.next_of_any_kind().await, json!({ "type": "pong" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_no_longer_than_clients_need() {
    on_the_wire(async |app| {
        let mut socket = app.visitor().connects().await;
        socket.subscribes(&"i".repeat(128), "{ nonsense }", json!({})).await;
        is_refused(&mut socket, &"i".repeat(128), "BAD_REQUEST").await;
        socket.subscribes(&"i".repeat(129), "{ nonsense }", json!({})).await;
        is_closed(&mut socket, 4400).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_no_operations_count_for_their_address_too() {
    with_settings(rates(|rates| rates.address = Rate::per_minute(20)), async |app| {
        let mut socket = app.visitor().connects().await;
        let messages = [json!({ "type": "ping" }), json!({ "type": "pong" }), json!({ "type": "complete", "id": "1" })];
        for message in messages.iter().cycle().take(21) {
            socket.sends(message).await;
        }
        is_closed(&mut socket, 1013).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_endless_frames_ends_its_connection() {
    on_the_wire(async |app| {
        let mut socket = app.visitor().connects().await;
        socket.sends_frame(Part::First, "{").await.unwrap();
        let mut frames = 0;
        while socket.sends_frame(Part::Middle, "").await.is_ok() {
            frames += 1;
            assert!(frames < 1_000_000, "frames without an end are read");
        }
        // Some frames are fine.
        let mut socket = app.visitor().connects().await;
        socket.sends_frame(Part::First, r#"{"type": "ping""#).await.unwrap();
        for _ in 0..1000 {
            socket.sends_frame(Part::Middle, " ").await.unwrap();
        }
        socket.sends_frame(Part::Last, "}").await.unwrap();
        assert_eq!(socket.next_of_any_kind().await, json!({ "type": "pong" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operations_of_a_socket_are_limited() {
    let settings = |config: &mut Config| config.limits.socket_operations = 2;
    with_settings(settings, async |app| {
        let mut socket = app.signs_up("ada").await.connects().await;
        for id in ["1", "2"] {
            socket.subscribes(id, WATCH_BALANCE, json!({})).await;
            socket.pushed().await;
        }
        socket.subscribes("3", "{ plans { tier } }", json!({})).await;
        is_refused(&mut socket, "3", "RATE_LIMITED").await;
        socket.sends(&json!({ "type": "complete", "id": "1" })).await;
        socket.subscribes("3", "{ plans { tier } }", json!({})).await;
        assert_eq!(socket.next().await["type"], "next");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sockets_and_subscriptions_of_a_user_are_limited() {
    let settings = |config: &mut Config| (config.limits.user_sockets, config.limits.user_subscriptions) = (2, 3);
    with_settings(settings, async |app| {
        let (ada, bob) = (app.signs_up("ada").await, app.signs_up("bob").await);
        let (mut first, mut second) = (ada.connects().await, ada.connects().await);
        let payload = json!({ "authorization": format!("Bearer {}", ada.token()) });
        let mut third = Socket::connect(app.address()).await;
        third.initialises(Some(payload)).await;
        is_closed(&mut third, 1013).await;
        bob.connects().await;

        for id in ["1", "2"] {
            first.subscribes(id, WATCH_BALANCE, json!({})).await;
            first.pushed().await;
        }
        second.subscribes("3", WATCH_BALANCE, json!({})).await;
        second.pushed().await;
        second.subscribes("4", WATCH_BALANCE, json!({})).await;
        is_refused(&mut second, "4", "RATE_LIMITED").await;
        first.leaves().await;
        second.subscribes("4", WATCH_BALANCE, json!({})).await;
        second.pushed().await;
        ada.connects().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sockets_of_an_address_are_limited() {
    let settings = |config: &mut Config| config.limits.address_sockets = 2;
    with_settings(settings, async |app| {
        let open = [Socket::connect(app.address()).await, Socket::connect(app.address()).await];
        assert_eq!(Socket::connect_with(app.address(), &[PROTOCOL]).await.err(), Some(429));
        for socket in open {
            socket.leaves().await;
        }
        Socket::open(app.address(), None).await;
    })
    .await;
}

/// Number of versions that a watcher receives one by one.
const FLOOD: u32 = 250;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_one_operation_leaves_room_for_the_others() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        for number in 0..FLOOD {
            books(&app, number).await;
        }
        let mut socket = ada.connects().await;
        socket.subscribes("flood", WATCH_BALANCE, json!({ "after": 0 })).await;
        socket.subscribes("query", "{ plans { tier } }", json!({})).await;
        let mut before = 0;
        loop {
            let message: Value = socket.next().await;
            if message["id"] == "query" {
                break;
            }
            before += 1;
        }
        assert!(before < FLOOD, "the query had to wait for all {before} results of the flood");
    })
    .await;
}

/// Posts a credit of the first user's.
async fn books(app: &TestApp, number: u32) {
    let app = app.inside().await;
    let tx = app.database.begin().await.unwrap();
    let posting = Posting {
        user_id: 1,
        change_type: ChangeType::Grant,
        delta: 1,
        unlimited: Unlimited::Keep,
        source: format!("manual:1:{number}"),
        reference: None,
        notes: None,
        now: app.clock.now(),
    };
    ledger::post(&tx, posting).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_a_token_holds_over_a_socket_too() {
    on_the_wire(async |app| {
        let root = app.signs_up_as("root", Role::Admin).await;
        let mut socket = root.connects().await;
        socket.subscribes("1", r#"{ user(id: "1") { username } }"#, json!({})).await;
        assert_eq!(socket.pushed().await, json!({ "username": "root" }));
    })
    .await;
}
