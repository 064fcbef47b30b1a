//! Calls that fail, and their traces in the log.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::net::TcpSocket;

use super::listener::{Listener, Reply};
use super::*;

#[tokio::test]
async fn transient_failures_are_retried_under_the_same_key() {
    let error = json!({"error": {"type": "api_error"}});
    let passing = [409, 424, 429, 500, 503].map(|status| Reply::Json(status, error.clone()));
    let passing = passing.into_iter().chain([Reply::Page(502), Reply::HangUp, Reply::Silence]);
    for reply in passing {
        let listener = Listener::with(vec![reply, Reply::Json(200, reply::customer())]).await;
        let outcome = listener.client().create_customer("key-1", "key-1", &customer()).await;
        assert_eq!(outcome, Ok("cus_1".to_owned()));
        let [first, second] = &listener.requests()[..] else { panic!("two requests") };
        assert_eq!(first.header("idempotency-key"), Some("key-1"));
        assert_eq!(second.header("idempotency-key"), Some("key-1"));
    }
}

#[tokio::test]
async fn a_wait_that_stripe_asks_for_is_read_from_its_header() {
    let listener = Listener::with(vec![Reply::Busy(0), Reply::Json(200, reply::customer())]).await;
    assert_eq!(listener.client().create_customer("key-1", "key-1", &customer()).await, Ok("cus_1".to_owned()));
    let listener = Listener::with(vec![Reply::Busy(60), Reply::Json(200, reply::customer())]).await;
    let failure = listener.client().create_customer("key-1", "key-1", &customer()).await.unwrap_err();
    assert_eq!(failure, Failure::unknown("status 429, code rate_limit"));
    assert_eq!(listener.requests().len(), 1);
}

#[tokio::test]
async fn silence_leaves_the_outcome_unknown() {
    let listener = Listener::with(vec![Reply::Silence, Reply::Silence]).await;
    let failure = listener.client().create_customer("key-1", "key-1", &customer()).await.unwrap_err();
    assert_eq!(failure, Failure::Unknown { message: "timed out".to_owned() });
}

#[tokio::test]
async fn a_server_error_that_stays_is_stripes_answer_under_this_key() {
    let error = json!({"error": {"type": "api_error", "message": "about ada@example.com"}});
    let listener = Listener::with(vec![Reply::Json(500, error.clone()), Reply::Json(500, error)]).await;
    let failure = listener.client().create_customer("key-1", "key-1", &customer()).await.unwrap_err();
    assert_eq!(failure, Failure::Broken { status: 500, code: None });
}

#[tokio::test]
async fn a_refusal_is_final_and_its_display_repeats_nothing_we_sent() {
    let error = json!({"error": {
        "type": "card_error", "code": "card_declined", "param": "card", "decline_code": "insufficient_funds",
        "message": "No funds for ada@example.com",
    }});
    let listener = Listener::with(vec![Reply::Json(402, error), Reply::Json(200, reply::customer())]).await;
    let failure = listener.client().create_customer("key-1", "key-1", &customer()).await.unwrap_err();
    assert_eq!(failure.to_string(), "Stripe refused the call with status 402, code card_declined, param card");
    let expected = Refusal {
        status: 402,
        code: Some("card_declined".to_owned()),
        param: Some("card".to_owned()),
        decline_code: Some("insufficient_funds".to_owned()),
        message: "No funds for ada@example.com".to_owned(),
    };
    assert_eq!(failure, expected.into());
    assert_eq!(listener.requests().len(), 1);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_unknown_at_once() {
    for reply in [Reply::Page(200), Reply::Json(200, json!({"object": "customer"}))] {
        let listener = Listener::with(vec![reply, Reply::Json(200, reply::customer())]).await;
        let failure = listener.client().create_customer("key-1", "key-1", &customer()).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown { .. } | Failure::Unreadable(_)), "{failure:?}");
        assert_eq!(listener.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_call_that_found_nobody_had_no_effect() {
    // Bound, so that no other process gets the port, but not listening.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = nobody.local_addr().unwrap();
    let failure = client(address).create_customer("key-1", "key-1", &customer()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { .. }), "{failure:?}");
}

#[tokio::test]
async fn an_id_that_is_none_never_becomes_a_path() {
    let listener = Listener::with(vec![Reply::Json(200, reply::subscription())]).await;
    for id in ["", "../customers", "sub_1/discount", "sub_1?expand[]=customer", "sub 1", "šub"] {
        let failure = listener.client().subscription(id).await.unwrap_err();
        assert!(matches!(failure, Failure::Refused(Refusal { status: 404, .. })), "{id}");
    }
    assert_eq!(listener.requests().len(), 0);
}

#[tokio::test]
async fn an_empty_idempotency_key_makes_no_call() {
    let listener = Listener::with(vec![Reply::Json(200, reply::customer())]).await;
    let failure = listener.client().create_customer("", "", &customer()).await.unwrap_err();
    assert!(matches!(failure, Failure::Settings(_)));
    assert_eq!(listener.requests().len(), 0);
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects the lines of this thread until the guard is dropped.
    fn collect(&self, level: tracing::Level) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.with_ansi(false).finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_of_failed_attempts_but_neither_keys_nor_whom_they_are_about() {
    let log = Log::default();
    let logging = log.collect(tracing::Level::TRACE);
    let error = json!({"error": {"type": "invalid_request_error", "message": "Invalid email: ada@example.com"}});
    let listener = Listener::with(vec![Reply::Json(500, error.clone()), Reply::Json(400, error)]).await;
    let failure = listener.client().create_customer("key-1", "key-1", &customer()).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused(Refusal { status: 400, .. })), "{failure:?}");
    drop(logging);
    let log = log.text();
    assert_eq!(log.matches("create customer").count(), 2, "{log}");
    for secret in ["key-1", "ada@example.com", "sk_test_secret"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn only_reads_that_fail_are_logged_at_level_info() {
    let log = Log::default();
    let logging = log.collect(tracing::Level::INFO);
    let error = json!({"error": {"type": "invalid_request_error", "code": "resource_missing"}});
    let listener = Listener::with(vec![Reply::Json(200, reply::subscription()), Reply::Json(404, error)]).await;
    assert!(listener.client().subscription("sub_1").await.is_ok());
    assert!(listener.client().subscription("sub_2").await.unwrap_err().is_not_found());
    drop(logging);
    let log = log.text();
    assert!(log.contains("/v1/subscriptions/sub_2") && log.contains("status=404"), "{log}");
    assert!(!log.contains("/v1/subscriptions/sub_1"), "{log}");
}
