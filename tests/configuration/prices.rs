//! What a gateway says of the prices that it was told, once it serves.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use super::good_but;
use crate::harness::program;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn prices_that_stripe_does_not_know_or_sells_at_something_else_are_warned_of() {
    let settings = sandbox::Settings {
        bind: "127.0.0.1:0".parse().unwrap(),
        webhook_urls: Vec::new(),
        webhook_secret: String::new(),
        state_file: None,
        seed: None,
    };
    let stripe = sandbox::Sandbox::start(settings).await.unwrap();
    let base = format!("http://{}/", stripe.address());
    let folder = tempfile::tempdir().unwrap();
    let changed = [
        ("STRIPE_API_BASE", base.as_str()),
        ("STRIPE_PRICE_ID_CORE", "price_core,price_of_nobody"),
        ("STRIPE_PRICE_ID_PRO", "price_studio"),
        ("STRIPE_PRICE_ID_STUDIO", "price_pro"),
    ];
    let mut command = program::command(folder.path(), &["serve", "--log-format", "json"], &good_but(&changed));
    let mut process = command.spawn().unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut warned = Vec::new();
    while warned.len() < 3 {
        let line = timeout(PATIENCE, log.next_line()).await.expect("nothing was warned of").unwrap().unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["level"] == "WARN" && event["price"].is_string() {
            warned.push([&event["variable"], &event["price"]].map(|text| text.as_str().unwrap().to_owned()));
        }
    }
    let expected = [
        ["STRIPE_PRICE_ID_CORE", "price_of_nobody"],
        ["STRIPE_PRICE_ID_PRO", "price_studio"],
        ["STRIPE_PRICE_ID_STUDIO", "price_pro"],
    ];
    assert_eq!(warned, expected);
    process.kill().await.unwrap();
}
