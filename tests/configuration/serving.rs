//! A gateway process starts with valid settings, serves, and stops in order.

use std::{net::TcpListener, time::Duration};

use patch_hive::config::DEMO;
use serde_json::json;
use tokio::{
    net::TcpSocket,
    time::{sleep, timeout},
};

use super::{GOOD, good_but, is_refused, variables};
use crate::harness::{
    Process, Socket,
    program::{self, complaint},
    signature,
};

/// Time limit for a mail.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_stripe_serves_everything_but_payments() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [GOOD[1], GOOD[2], ("STRIPE_ENABLED", "false")];
    let gateway = Process::start(folder.path(), &["serve"], &variables).await;

    assert_eq!(gateway.get("/healthz").await, 200);
    assert_eq!(gateway.get("/readyz").await, 200);
    assert_eq!(gateway.get("/graphiql").await, 404);
    let session = gateway.asks("", SIGN_UP).await;
    let token = session["data"]["signUp"]["token"].as_str().unwrap();
    for mutation in [
        r#"createCheckout(input: { tier: CORE, successUrl: "AT", cancelUrl: "AT" }) { __typename }"#,
        r#"purchaseCredits(input: { credits: 1, successUrl: "AT", cancelUrl: "AT" }) { id }"#,
        "cancelSubscription { __typename }",
    ] {
        let mutation = mutation.replace("AT", "https://patchhive.example/");
        let answer = gateway.asks(token, &format!("mutation {{ {mutation} }}")).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "STRIPE_DISABLED", "{answer}");
    }
    let webhook = gateway.http().post(gateway.url("/api/payments/webhook")).body("{}").send().await.unwrap();
    assert_eq!(webhook.status(), 503);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn data_survives_a_restart_and_the_commands_work_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &GOOD[1..]).await;
    gateway.asks("", SIGN_UP).await;
    assert_eq!(gateway.stops("-INT").await, Some(0));

    let arguments = ["token", "--email", "ADA@patchhive.example", "--role", "admin", "--ttl", "15m"];
    let output = program::runs(folder.path(), &arguments, &GOOD[1..3]).await;
    assert!(output.status.success(), "{}", complaint(&output));
    let token = String::from_utf8(output.stdout).unwrap();
    let verified = program::runs(folder.path(), &["verify"], &GOOD[1..2]).await;
    assert_eq!(verified.status.code(), Some(0), "{}", complaint(&verified));

    let gateway = Process::start(folder.path(), &["serve"], &GOOD[1..]).await;
    let answer = gateway.asks(token.trim(), "{ users { nodes { email } } }").await;
    assert_eq!(answer["data"]["users"]["nodes"], json!([{ "email": "ada@patchhive.example" }]), "{answer}");
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_distinguishes_a_running_gateway_from_a_stopped_one() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &GOOD[1..]).await;
    let everywhere = gateway.url("").replace("http://127.0.0.1", "0.0.0.0");
    for (arguments, answer) in [(&["health"][..], "ok\n"), (&["health", "--ready"], "ready\n")] {
        let output = program::runs(folder.path(), arguments, &[("BIND", &everywhere)]).await;
        assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), answer);
    }
    let port = gateway.address().port().to_string();
    let output = program::runs(folder.path(), &["health"], &[("PORT", &port)]).await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    let output = program::runs(folder.path(), &["health"], &[("BIND", &everywhere)]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("refused"), "{}", complaint(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_variable_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    let names = variables();
    let set = |name: &str| GOOD.iter().any(|(good, _)| *good == name);
    let empty = names.iter().filter(|name| !set(name)).map(|name| (name.as_str(), ""));
    let blank = [("CORS_ALLOWED_ORIGINS", " "), ("MAX_DEPTH", "\t"), ("JWT_TTL", "\n")];
    let settings: Vec<_> = GOOD[1..].iter().copied().chain(empty).chain(blank).collect();
    let gateway = Process::start(folder.path(), &["serve"], &settings).await;
    assert_eq!(gateway.get("/readyz").await, 200);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn white_space_around_a_setting_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = format!(" whsec_next , {}\r\n", DEMO.webhook_secret);
    let settings = good_but(&[
        ("STRIPE_WEBHOOK_SECRET", secrets.as_str()),
        ("DATABASE_URL", " sqlite:gateway.db\n"),
        ("MAX_DEPTH", "20 "),
    ]);
    let gateway = Process::start(folder.path(), &["serve"], &settings[1..]).await;
    let body =
        json!({ "object": "event", "livemode": false, "id": "evt_1", "type": "plan.created", "created": 1, "data": { "object": {} } })
            .to_string();
    for secret in ["whsec_next", DEMO.webhook_secret] {
        let signature = signature::sign(body.as_bytes(), secret, signature::now());
        let request = gateway.http().post(gateway.url("/api/payments/webhook")).header("Stripe-Signature", signature);
        assert_eq!(request.body(body.clone()).send().await.unwrap().status(), 200, "{secret}");
    }
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_from_a_file_in_the_working_folder() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<_> = GOOD[1..].iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    std::fs::write(folder.path().join(".env"), lines.concat()).unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &[("GRAPHIQL", "true")]).await;
    assert_eq!(gateway.get("/graphiql").await, 200);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    assert!(folder.path().join("gateway.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_overrides_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "DATABASE_URL=sqlite:of-the-file.db\n").unwrap();
    let output = program::runs(folder.path(), &["migrate", "up"], &[GOOD[1]]).await;
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(folder.path().join("gateway.db").exists());
    assert!(!folder.path().join("of-the-file.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_counts_on_all_addresses_unless_an_address_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let everywhere = [&GOOD[1..], &[("PORT", "0")]].concat();
    let gateway = Process::start_as_set(folder.path(), &["serve"], &everywhere).await;
    assert!(gateway.address().ip().is_unspecified());
    // Another address of this machine.
    let elsewhere = format!("http://127.0.0.2:{}/healthz", gateway.address().port());
    assert_eq!(gateway.http().get(elsewhere).send().await.unwrap().status(), 200);
    if TcpListener::bind("[::1]:0").is_ok() {
        let six = format!("http://[::1]:{}/healthz", gateway.address().port());
        assert_eq!(gateway.http().get(six).send().await.unwrap().status(), 200);
    }
    let port = gateway.address().port().to_string();
    let output = program::runs(folder.path(), &["health"], &[("PORT", &port)]).await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    let gateway = Process::start_as_set(folder.path(), &["serve"], &good_but(&[("PORT", "1")])).await;
    assert!(gateway.address().ip().is_loopback() && gateway.address().port() != 1);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
    is_refused(&good_but(&[("BIND", ""), ("PORT", "65536")]), "PORT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_raises_the_limit_of_open_files() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start_within(folder.path(), "-Sn 256", &["serve"], &GOOD[1..]).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.id())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let [soft, hard] = [0, 1].map(|column| files.split_whitespace().nth(column).unwrap());
    assert_eq!(soft, hard, "{limits}");
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_may_open_few_files_admits_as_many_clients_as_fit() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start_within(folder.path(), "-n 300", &["serve"], &GOOD[1..]).await;
    assert!(gateway.log().contains("MAX_CONNECTIONS is lowered"), "{}", gateway.log());
    let mut silent = Vec::new();
    for number in 0..200 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("127.0.0.{}:0", 2 + number % 2).parse().unwrap()).unwrap();
        silent.push(socket.connect(gateway.address()).await.unwrap());
    }
    // The database is reached from a connection that is kept for probes.
    assert_eq!(gateway.get("/readyz").await, 200);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_gateway_writes_mailed_links_to_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["dev", "--sandbox-bind", "127.0.0.1:0"], &[]).await;
    let request = r#"mutation { requestPasswordReset(input: { email: "demo@patchhive.example" }) { email } }"#;
    let answer = gateway.asks("", request).await;
    assert_eq!(answer["data"]["requestPasswordReset"]["email"], "demo@patchhive.example", "{answer}");
    let logged = async {
        while !gateway.log().contains("/reset-password#token=") {
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(PATIENCE, logged).await.is_ok(), "{}", gateway.log());
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (variable, other) in [("BIND", "METRICS_BIND"), ("METRICS_BIND", "BIND")] {
        let settings = good_but(&[(variable, &address), (other, "127.0.0.1:0")]);
        let output = program::runs(folder.path(), &["serve"], &settings).await;
        assert_eq!(output.status.code(), Some(1));
        let complaint = complaint(&output);
        assert!(complaint.contains(&address) && complaint.contains(&format!("set {variable} to")), "{complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_file_that_cannot_be_locked_is_named_with_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("gateway.db.lock")).unwrap();
    let output = program::runs(folder.path(), &["serve"], &GOOD).await;
    assert_eq!(output.status.code(), Some(1));
    let complaint = complaint(&output);
    assert!(complaint.contains("gateway.db") && complaint.contains("DATABASE_URL"), "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_migrations_fails_while_some_are_pending() {
    let folder = tempfile::tempdir().unwrap();
    let output = program::runs(folder.path(), &["serve", "--no-migrate"], &GOOD).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("migrate up"), "{}", complaint(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_gateway_needs_no_settings() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["dev", "--sandbox-bind", "127.0.0.1:0"], &[]).await;
    let log_in =
        r#"mutation { logIn(input: { email: "demo@patchhive.example", password: "patch-hive-demo" }) { token } }"#;
    let session = gateway.asks("", log_in).await;
    assert!(session["data"]["logIn"]["token"].is_string(), "{session}");
    assert_eq!(gateway.get("/graphiql").await, 200);
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_loopback_origins_may_call_a_development_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("CORS_ALLOWED_ORIGINS", "https://app.patchhive.example")];
    let gateway = Process::start(folder.path(), &["dev", "--sandbox-bind", "127.0.0.1:0"], &settings).await;
    for (origin, may) in [
        ("http://localhost:5173", true),
        ("http://127.0.0.1:3000", true),
        ("https://app.patchhive.example", true),
        ("https://evil.example", false),
        ("http://localhost.evil.example", false),
    ] {
        let request = gateway.http().post(gateway.url("/graphql")).header("Origin", origin);
        let answer = request.json(&json!({ "query": "{ plans { tier } }" })).send().await.unwrap();
        let allowed = answer.headers().get("access-control-allow-origin").is_some_and(|value| value == origin);
        assert_eq!(allowed, may, "{origin}");
        let headers = [("Sec-WebSocket-Protocol", "graphql-transport-ws"), ("Origin", origin)];
        let socket = Socket::connect_with(gateway.address(), &headers).await;
        assert_eq!(socket.is_ok(), may, "{origin}");
    }
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_start_deletes_nothing_that_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path(), &["dev", "--sandbox-bind", "127.0.0.1:0"], &[]).await;
    first.asks("", SIGN_UP).await;

    let elsewhere = ["dev", "--fresh", "--bind", "127.0.0.1:0", "--sandbox-bind", "127.0.0.1:0"];
    let second = program::runs(folder.path(), &elsewhere, &[]).await;
    assert_eq!(second.status.code(), Some(1));
    assert!(complaint(&second).contains("patch-hive.db is in use"), "{}", complaint(&second));

    // Check at the next start only: a process keeps reading a file that was removed.
    assert_eq!(first.stops("-TERM").await, Some(0));
    let again = Process::start(folder.path(), &["dev", "--sandbox-bind", "127.0.0.1:0"], &[]).await;
    let log_in =
        r#"mutation { logIn(input: { email: "ada@patchhive.example", password: "correct horse" }) { token } }"#;
    let session = again.asks("", log_in).await;
    assert!(session["data"]["logIn"]["token"].is_string(), "{session}");
    assert_eq!(again.stops("-TERM").await, Some(0));

    let fresh = Process::start(folder.path(), &["dev", "--fresh", "--sandbox-bind", "127.0.0.1:0"], &[]).await;
    assert_eq!(fresh.asks("", log_in).await["errors"][0]["extensions"]["code"], "WRONG_CREDENTIALS");
    assert_eq!(fresh.stops("-TERM").await, Some(0));
}

pub(super) const SIGN_UP: &str = r#"mutation { signUp(input: { email: "ada@patchhive.example", username: "ada",
    password: "correct horse" }) { token } }"#;
