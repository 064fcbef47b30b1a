//! `patch-hive stripe-setup` creates what is missing at Stripe, finds what exists, and corrects what differs.

mod drift;

use std::process::Output;

use patch_hive::sync::EVENTS;
use sandbox::{Effect, Fault, Sandbox, Settings, Tax};
use serde_json::{Value, json};

use crate::harness::program::{self, complaint};

const URL: &str = "https://billing.patchhive.example/api/payments/webhook";

/// A Stripe that the program may be sent to.
struct Stripe {
    sandbox: Sandbox,
    http: reqwest::Client,
}

impl Stripe {
    async fn start() -> Self {
        let settings = Settings {
            bind: "127.0.0.1:0".parse().unwrap(),
            webhook_urls: Vec::new(),
            webhook_secret: "whsec_setup".to_owned(),
            state_file: None,
            seed: None,
        };
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { sandbox: Sandbox::start(settings).await.unwrap(), http }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.sandbox.address())
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(self.url(path)).bearer_auth("sk_test_setup");
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = self.http.post(self.url(path)).bearer_auth("sk_test_setup").form(form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        answer
    }

    /// The number of calls that changed something, or tried to.
    fn writes(&self) -> u64 {
        let requests = self.sandbox.requests();
        requests.into_iter().filter(|(call, _)| !call.starts_with("GET")).map(|(_, count)| count).sum()
    }

    /// The price that bears a plan's lookup key.
    async fn price(&self, tier: &str) -> Value {
        self.get(&format!("/v1/prices?lookup_keys[]=patch_hive_{tier}_monthly")).await["data"][0].clone()
    }

    async fn runs(&self, arguments: &[&str]) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let base = self.url("/");
        let variables =
            [("STRIPE_SECRET_KEY", "sk_test_setup"), ("STRIPE_API_BASE", base.as_str()), ("STRIPE_ATTEMPTS", "1")];
        program::runs(folder.path(), &[&["stripe-setup"], arguments].concat(), &variables).await
    }

    /// Runs what must succeed, and returns what it printed.
    async fn sets_up(&self, arguments: &[&str]) -> String {
        let output = self.runs(arguments).await;
        assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The value of a variable among lines for `.env`.
fn variable<'a>(printed: &'a str, name: &str) -> Option<&'a str> {
    printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_creates_everything_and_a_second_finds_it() {
    let stripe = Stripe::start().await;
    let first = stripe.sets_up(&["--webhook-url", URL]).await;
    for (tier, cents) in [("core", 499), ("pro", 1499), ("studio", 2999)] {
        let price = stripe.price(tier).await;
        let name = format!("STRIPE_PRICE_ID_{}", tier.to_uppercase());
        assert_eq!(variable(&first, &name), price["id"].as_str(), "{first}");
        assert_eq!((&price["unit_amount"], &price["currency"]), (&json!(cents), &json!("usd")));
        assert_eq!((&price["recurring"]["interval"], &price["active"]), (&json!("month"), &json!(true)));
        assert_eq!(price["product"], format!("patch_hive_{tier}"));
    }
    let endpoint = stripe.get("/v1/webhook_endpoints").await["data"][0].clone();
    assert_eq!((&endpoint["url"], &endpoint["api_version"]), (&json!(URL), &json!("2026-09-30.endive")));
    assert_eq!(endpoint["enabled_events"], json!(EVENTS));
    assert!(variable(&first, "STRIPE_WEBHOOK_SECRET").unwrap().starts_with("whsec_"), "{first}");
    let portal = variable(&first, "STRIPE_PORTAL_CONFIGURATION").unwrap();
    let features = stripe.get(&format!("/v1/billing_portal/configurations/{portal}")).await["features"].clone();
    assert_eq!(features["subscription_update"]["enabled"], false);
    assert_eq!(features["subscription_cancel"]["mode"], "at_period_end");
    for feature in ["subscription_cancel", "payment_method_update", "invoice_history"] {
        assert_eq!(features[feature]["enabled"], true, "{feature}");
    }

    let writes = stripe.writes();
    let second = stripe.sets_up(&["--webhook-url", URL]).await;
    assert_eq!(stripe.writes(), writes, "{second}");
    for name in ["STRIPE_PRICE_ID_CORE", "STRIPE_PRICE_ID_PRO", "STRIPE_PRICE_ID_STUDIO", "STRIPE_PORTAL_CONFIGURATION"]
    {
        assert_eq!(variable(&second, name), variable(&first, name), "{second}");
    }
    assert_eq!(variable(&second, "STRIPE_WEBHOOK_SECRET"), None);
    assert!(second.contains("# STRIPE_WEBHOOK_SECRET was shown when the endpoint was created"), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_are_not_variables_are_comments() {
    let stripe = Stripe::start().await;
    let printed = stripe.sets_up(&["--webhook-url", URL]).await;
    let folder = tempfile::tempdir().unwrap();
    let rest = "DATABASE_URL=sqlite:gateway.db\nJWT_SECRET=0123456789abcdef0123456789abcdef\n";
    std::fs::write(folder.path().join(".env"), printed + rest).unwrap();
    let output = program::runs(folder.path(), &["migrate", "up"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_reports_changes_and_makes_none() {
    let stripe = Stripe::start().await;
    let printed = stripe.sets_up(&["--dry-run", "--webhook-url", URL]).await;
    assert_eq!(stripe.writes(), 0, "{printed}");
    for what in [
        "# product patch_hive_core: would be created",
        "# price patch_hive_studio_monthly: would be created",
        "# portal configuration: would be created",
        "# webhook endpoint https://billing.patchhive.example/api/payments/webhook: would be created",
        "# STRIPE_PRICE_ID_PRO is known once it is created",
    ] {
        assert!(printed.contains(what), "{what} is not in\n{printed}");
    }
    assert!(printed.lines().all(|line| line.starts_with('#')), "{printed}");
    let named: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    assert_eq!(named, EVENTS, "{printed}");

    stripe.sets_up(&["--webhook-url", URL]).await;
    let after = stripe.sets_up(&["--dry-run", "--webhook-url", URL]).await;
    assert!(!after.contains("would"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_whether_taxes_can_be_computed() {
    let stripe = Stripe::start().await;
    stripe.sandbox.set_tax(Tax { set_up: false, ..Tax::default() });
    let pending = stripe.sets_up(&[]).await;
    assert!(pending.contains("# Stripe Tax: not set up at Stripe, so STRIPE_TAX must be false; missing: head_office"));
    stripe.sandbox.set_tax(Tax::default());
    let active = stripe.sets_up(&["--dry-run"]).await;
    assert!(active.contains("# Stripe Tax: set up; with STRIPE_TAX=true"), "{active}");
    let effect = Effect::Refuse { status: 403 };
    stripe.sandbox.inject(Fault { method: "GET".to_owned(), path: "/v1/tax/settings".to_owned(), times: 1, effect });
    let unknown = stripe.sets_up(&["--dry-run"]).await;
    assert!(unknown.contains("# Stripe Tax: this key cannot read its settings"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_url_webhooks_are_skipped_and_a_host_gets_the_path() {
    let stripe = Stripe::start().await;
    let printed = stripe.sets_up(&[]).await;
    assert!(printed.contains("without --webhook-url"), "{printed}");
    assert_eq!(stripe.get("/v1/webhook_endpoints").await["data"], json!([]));
    stripe.sets_up(&["--webhook-url", "https://billing.patchhive.example"]).await;
    assert_eq!(stripe.get("/v1/webhook_endpoints").await["data"][0]["url"], URL);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_broke_off_is_finished_by_the_next() {
    let stripe = Stripe::start().await;
    for path in ["/v1/prices", "/v1/billing_portal/configurations", "/v1/webhook_endpoints"] {
        let effect = Effect::Refuse { status: 503 };
        stripe.sandbox.inject(Fault { method: "POST".to_owned(), path: path.to_owned(), times: 1, effect });
        let output = stripe.runs(&["--webhook-url", URL]).await;
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert!(complaint(&output).contains("503"), "{}", complaint(&output));
    }
    stripe.sets_up(&["--webhook-url", URL]).await;
    let count = async |path: &str| stripe.get(path).await["data"].as_array().unwrap().len();
    assert_eq!(count("/v1/prices?limit=100").await, 3 + 3, "the sandbox has three of its own");
    assert_eq!(count("/v1/products?limit=100").await, 3 + 3);
    assert_eq!(count("/v1/billing_portal/configurations").await, 1);
    assert_eq!(count("/v1/webhook_endpoints").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_settings_are_refused_before_any_call() {
    let folder = tempfile::tempdir().unwrap();
    for (variables, arguments, name) in [
        (vec![], vec![], "STRIPE_SECRET_KEY"),
        (vec![("STRIPE_SECRET_KEY", "sk_test_...")], vec![], "STRIPE_SECRET_KEY"),
        (
            vec![("STRIPE_SECRET_KEY", "sk_live_x"), ("STRIPE_API_BASE", "http://127.0.0.1:1/")],
            vec![],
            "STRIPE_API_BASE",
        ),
        (vec![("STRIPE_SECRET_KEY", "sk_test_x")], vec!["--webhook-url", "billing"], "--webhook-url"),
    ] {
        let output = program::runs(folder.path(), &[&["stripe-setup"], &arguments[..]].concat(), &variables).await;
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(complaint(&output).contains(name), "{}", complaint(&output));
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_or_refusing_stripe_is_reported_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let nobody =
        [("STRIPE_SECRET_KEY", "sk_test_x"), ("STRIPE_API_BASE", "http://127.0.0.1:1/"), ("STRIPE_ATTEMPTS", "1")];
    let output = program::runs(folder.path(), &["stripe-setup"], &nobody).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("cannot be reached"), "{}", complaint(&output));

    let stripe = Stripe::start().await;
    let refused = stripe.runs(&["--webhook-url", "ftp://billing.patchhive.example/hook"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("Invalid URL"), "{}", complaint(&refused));
}
