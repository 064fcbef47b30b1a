//! The gateway warns of configured prices and portal configurations that do not match at Stripe.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use super::good_but;
use crate::harness::program;

const PATIENCE: Duration = Duration::from_secs(20);

/// Creates a portal configuration that switches plans.
async fn switches_plans(base: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let form = [("features[subscription_update][enabled]", "true")];
    let url = format!("{base}v1/billing_portal/configurations");
    let made = http.post(url).bearer_auth("sk_test_tests").form(&form).send().await.unwrap();
    made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_do_not_match_at_stripe_are_warned_of() {
    let settings = sandbox::Settings {
        bind: "127.0.0.1:0".parse().unwrap(),
        webhook_urls: Vec::new(),
        webhook_secret: String::new(),
        state_file: None,
        seed: None,
    };
    let stripe = sandbox::Sandbox::start(settings).await.unwrap();
    let base = format!("http://{}/", stripe.address());
    let portal = switches_plans(&base).await;
    let folder = tempfile::tempdir().unwrap();
    let changed = [
        ("STRIPE_API_BASE", base.as_str()),
        ("STRIPE_PORTAL_CONFIGURATION", portal.as_str()),
        ("STRIPE_PRICE_ID_CORE", "price_core,price_of_nobody"),
        ("STRIPE_PRICE_ID_PRO", "price_studio"),
        ("STRIPE_PRICE_ID_STUDIO", "price_pro"),
    ];
    let mut command = program::command(folder.path(), &["serve", "--log-format", "json"], &good_but(&changed));
    let mut process = command.spawn().unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut warned = Vec::new();
    while warned.len() < 4 {
        let line = timeout(PATIENCE, log.next_line()).await.expect("a warning is missing").unwrap().unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        let what = if event["price"].is_string() { &event["price"] } else { &event["configuration"] };
        if event["level"] == "WARN" && what.is_string() {
            warned.push([&event["variable"], what].map(|text| text.as_str().unwrap().to_owned()));
        }
    }
    let expected = [
        ["STRIPE_PRICE_ID_CORE", "price_of_nobody"],
        ["STRIPE_PRICE_ID_PRO", "price_studio"],
        ["STRIPE_PRICE_ID_STUDIO", "price_pro"],
        ["STRIPE_PORTAL_CONFIGURATION", &portal],
    ];
    assert_eq!(warned, expected);
    process.kill().await.unwrap();
}
