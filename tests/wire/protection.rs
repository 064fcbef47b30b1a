//! Every response has the headers by which browsers protect their users.

use reqwest::Method;

use super::{on_the_wire, with_settings};

#[tokio::test(flavor = "multi_thread")]
async fn every_response_forbids_sniffing_and_framing() {
    on_the_wire(async |app| {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::POST, "/graphql"),
            (Method::GET, "/graphiql"),
            (Method::GET, "/nowhere"),
            (Method::POST, "/api/payments/webhook"),
            (Method::GET, "/healthz"),
            (Method::GET, "/readyz"),
            (Method::OPTIONS, "/graphql"),
        ] {
            let answer = app.http().request(method, app.url(path)).send().await.unwrap();
            let header = |name| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("x-frame-options"), "DENY", "{path}");
            assert!(["no-referrer", "same-origin"].contains(&header("referrer-policy")), "{path}");
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
            assert_eq!(header("strict-transport-security"), "", "{path}: http was spoken");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_on_https_is_kept_on_it() {
    let trust = |config: &mut patch_hive::config::Config| {
        config.proxies = patch_hive::throttle::Proxies::read(["127.0.0.0/8"]).unwrap();
    };
    let asks = async |app: &crate::harness::TestApp, scheme: &str| {
        let request = app.http().get(app.url("/")).header("x-forwarded-proto", scheme);
        request.send().await.unwrap().headers().contains_key("strict-transport-security")
    };
    with_settings(trust, async |app| {
        assert!(asks(&app, "https").await);
        assert!(!asks(&app, "http").await);
        assert!(!asks(&app, "https, http").await, "the last proxy was called by http");
    })
    .await;
    on_the_wire(async |app| assert!(!asks(&app, "https").await, "anybody can write that header")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_of_the_api_is_stored() {
    on_the_wire(async |app| {
        let ada = app.signs_up("ada").await;
        let query = app.http().get(app.url("/graphql?query={viewer{email}}")).bearer_auth(ada.token());
        let refused = app.http().post(app.url("/graphql")).bearer_auth("nonsense").body("{}");
        for request in [query, refused] {
            assert_eq!(request.send().await.unwrap().headers()["cache-control"], "no-store");
        }
    })
    .await;
}
