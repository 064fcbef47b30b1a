//! In a Rust test the sandbox runs in the same process: `cargo run --example checkout`.

use std::{error::Error, net::SocketAddr, time::Duration};

use sandbox::{Sandbox, Settings};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start(Settings {
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        webhook_urls: Vec::new(),
        webhook_secret: "whsec_example".to_owned(),
        state_file: None,
        seed: Some(1),
    })
    .await?;
    let form = [
        ("mode", "subscription"),
        ("customer_email", "ada@example.com"),
        ("line_items[0][price]", "price_core"),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://127.0.0.1:1/"),
    ];
    let request = reqwest::Client::builder().no_proxy().build()?;
    let request = request.post(format!("http://{}/v1/checkout/sessions", sandbox.address()));
    let session: Value = request.bearer_auth("sk_test_example").form(&form).send().await?.json().await?;

    let session = sandbox.pay(session["id"].as_str().unwrap_or_default(), "4242424242424242")?;
    let subscription = session["subscription"].as_str().unwrap_or_default();
    sandbox.advance(Duration::from_hours(24 * 35)).await;
    let count = sandbox.events().iter().filter(|event| event["type"] == "invoice.paid").count();
    assert_eq!(count, 2, "the subscription {subscription} was paid once and renewed once");
    Ok(())
}
