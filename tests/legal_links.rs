//! Links to legal texts reach the pages and the checkout, if they are set.

use patch_hive::config::Config;
use serde_json::{Value, json};

use crate::checkout::{at_stripe, on_both};

const LINKS: &str = "{ legalLinks { termsUrl privacyUrl } }";
const TERMS: &str = "https://patchhive.example/terms";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_links_are_shown_to_visitors_and_at_checkout() {
    on_both(
        |config: &mut Config| config.legal.terms_url = Some(TERMS.to_owned()),
        async |app| {
            let links = app.visitor().gets(LINKS, json!({})).await;
            assert_eq!(links, json!({ "termsUrl": TERMS, "privacyUrl": null }));
            let ada = app.signs_up("ada").await;
            for checkout in [ada.opens_checkout("CORE").await, ada.opens_purchase(25).await] {
                let page = app.http().get(checkout["url"].as_str().unwrap()).send().await.unwrap();
                let page = page.text().await.unwrap();
                let link = format!("agree to our <a href=\"{TERMS}\">terms of service</a>.");
                assert!(page.contains(&link) && !page.contains("privacy"), "{page}");
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_settings_there_are_no_links() {
    on_both(
        |_| {},
        async |app| {
            let links = app.visitor().gets(LINKS, json!({})).await;
            assert_eq!(links, json!({ "termsUrl": null, "privacyUrl": null }));
            app.signs_up("ada").await.opens_checkout("CORE").await;
            let session = at_stripe(&app, "/v1/checkout/sessions?limit=1").await["data"][0].clone();
            assert_eq!(session["custom_text"]["submit"], Value::Null);
        },
    )
    .await;
}
