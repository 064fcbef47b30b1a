//! Tests of the calls against a listener that replies from a script.

mod arbitrary;
mod failing;
mod listener;
mod reply;
mod settings;
mod wire;

use std::net::SocketAddr;

use super::*;

fn client(address: SocketAddr) -> Stripe {
    Stripe::new(&settings("sk_test_secret", &format!("http://{address}"))).unwrap()
}

fn settings(secret_key: &str, api_base: &str) -> Settings {
    let (secret_key, api_base) = (secret_key.to_owned(), api_base.to_owned());
    Settings { secret_key, api_base, timeout: Duration::from_millis(300), attempts: 2, calls_per_second: 1000 }
}

fn customer() -> NewCustomer {
    NewCustomer { user_id: 7, email: Some("ada@example.com".to_owned()), name: "Ada & Söhne".to_owned() }
}

fn session(item: Item) -> NewSession {
    NewSession {
        user_id: 7,
        customer: "cus_1".to_owned(),
        item,
        success_url: "https://shop.example/done?session={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: "https://shop.example/".to_owned(),
        options: SessionOptions::default(),
    }
}
