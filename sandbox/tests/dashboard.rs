//! The dashboard with many objects: it is searched, and stays small and quick.

use std::time::{Duration, Instant};

use sandbox::Sandbox;
use serde_json::json;

use crate::shop::{Shop, settings, text};

/// More than any page of the dashboard should need.
const MOST_BYTES: usize = 150_000;
const MOST_TIME: Duration = Duration::from_secs(2);
const MANY: usize = 2000;

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

async fn reads(shop: &Shop<'_>, path: &str) -> String {
    shop.client.get(shop.url(path)).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn two_thousand_customers_subscriptions_and_events_are_a_small_page() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe("4242424242424242", &[]).await;
    let (subscription, event) = (sandbox.object(&id).unwrap(), sandbox.events().pop().unwrap());
    for number in 0..MANY {
        let customer = format!("cus_{number:04}");
        sandbox
            .adopt(json!({ "id": customer, "object": "customer", "email": format!("guest{number:04}@example.com") }));
        let mut copy = subscription.clone();
        copy["id"] = format!("sub_{number:04}").into();
        copy["customer"] = customer.into();
        sandbox.adopt(copy);
        let mut copy = event.clone();
        copy["id"] = format!("evt_{number:04}").into();
        sandbox.adopt(copy);
    }
    for path in ["/", "/?customers=50&subscriptions=99&events=7", "/?q=guest1234", "/?q=4.99", "/?q=nobody"] {
        let begun = Instant::now();
        let page = reads(&shop, path).await;
        let (size, time) = (page.len(), begun.elapsed());
        assert!(size < MOST_BYTES && time < MOST_TIME, "{path}: {size} bytes in {time:?}");
    }
    let page = reads(&shop, "/?q=guest1234").await;
    assert!(page.contains("cus_1234") && page.contains("sub_1234") && !page.contains("cus_1235"));
    let page = reads(&shop, "/").await;
    assert!(page.contains("Customers <span class=\"quiet\">2001</span>"));
    let page = reads(&shop, "/?customers=9999").await;
    assert!(page.contains("ada@example.com") && page.contains("Newer"), "beyond the end is the last page");
}

#[tokio::test]
async fn objects_are_found_by_id_name_amount_and_plan() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    shop.done("/v1/customers", &[("email", "grace@example.com"), ("name", "Grace Hopper")]).await;
    let id = shop.subscribe("4242424242424242", &[]).await;
    let charge = text(&shop.get("/v1/charges").await["data"][0], "id");
    for (word, found) in [
        (id.as_str(), id.as_str()),
        ("hopper", "grace@example.com"),
        ("%244.99", charge.as_str()),
        ("4.99", id.as_str()),
        ("core", id.as_str()),
        ("ADA@example", id.as_str()),
    ] {
        assert!(reads(&shop, &format!("/?q={word}")).await.contains(found), "{word}");
    }
    for word in ["14.99", "hopper"] {
        assert!(!reads(&shop, &format!("/?q={word}")).await.contains(&charge), "{word}");
    }
}

#[tokio::test]
async fn the_data_of_an_object_has_a_page_of_its_own() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = text(&shop.done("/v1/customers", &[("name", "<i>Ada</i>")]).await, "id");
    let page = reads(&shop, &format!("/object/{customer}")).await;
    assert!(page.contains(&customer) && page.contains("&#60;i&#62;Ada") && !page.contains("<i>"), "{page}");
    for none in ["cus_none", "nonsense", "%3Cscript%3E"] {
        assert_eq!(shop.client.get(shop.url(&format!("/object/{none}"))).send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn the_page_loads_only_its_own_script() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let response = shop.client.get(shop.url("/")).send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self'"), "{policy}");
    assert!(response.text().await.unwrap().contains("<script src=\"/dashboard.js\">"));
    let script = shop.client.get(shop.url("/dashboard.js")).send().await.unwrap();
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
}
