//! Pages of other origins open sockets only where they may.

use patch_hive::{config::Config, throttle::Proxies};
use serde_json::json;

use super::{ORIGIN, on_the_wire, with_settings};
use crate::harness::{Socket, TestApp, socket::PROTOCOL};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_opens_no_socket() {
    let settings = |config: &mut Config| config.cors_origins = vec![ORIGIN.to_owned()];
    with_settings(settings, async |app| {
        let from =
            async |origin: &str| Socket::connect_with(app.address(), &[PROTOCOL, ("Origin", origin)]).await.err();
        assert_eq!(from("https://evil.example").await, Some(403));
        assert_eq!(from("null").await, Some(403));
        assert_eq!(from(ORIGIN).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_which_host_a_page_called() {
    const PAGE: [(&str, &str); 3] =
        [PROTOCOL, ("Origin", "https://hive.example"), ("X-Forwarded-Host", "hive.example")];
    let trust = |config: &mut Config| config.proxies = Proxies::read(["127.0.0.1", "::1"]).unwrap();
    with_settings(trust, async |app| {
        assert!(Socket::connect_with(app.address(), &PAGE).await.is_ok());
        let other = [PROTOCOL, ("Origin", "https://evil.example"), ("X-Forwarded-Host", "hive.example")];
        assert_eq!(Socket::connect_with(app.address(), &other).await.err(), Some(403));
    })
    .await;
    let refused = async |app: TestApp| Socket::connect_with(app.address(), &PAGE).await.err();
    on_the_wire(async |app| assert_eq!(refused(app).await, Some(403), "anybody can write that header")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_inside_of_apps_open_sockets_where_they_are_allowed() {
    let settings = |config: &mut Config| config.cors_origins = vec!["capacitor://localhost".to_owned()];
    with_settings(settings, async |app| {
        for (origin, refused) in [("capacitor://localhost", None), ("ionic://localhost", Some(403))] {
            let socket = Socket::connect_with(app.address(), &[PROTOCOL, ("Origin", origin)]).await;
            assert_eq!(socket.err(), refused, "{origin}");
            let request = app.http().post(app.url("/graphql")).header("Origin", origin);
            let answer = request.json(&json!({ "query": "{ plans { tier } }" })).send().await.unwrap();
            let allowed = answer.headers().get("access-control-allow-origin").is_some_and(|value| value == origin);
            assert_eq!(allowed, refused.is_none(), "{origin}");
        }
    })
    .await;
}
