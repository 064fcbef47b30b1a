//! The built program reads its settings as documented: wrong ones stop the start and are named, and each command works.

mod commands;
mod prices;
mod serving;

use std::path::Path;

use crate::harness::{
    folder,
    program::{self, complaint},
};

/// Settings that a gateway starts with.
const GOOD: [(&str, &str); 10] = [
    ("BIND", "127.0.0.1:0"),
    ("DATABASE_URL", "sqlite:gateway.db"),
    ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
    // The cheapest that is accepted.
    ("BCRYPT_COST", "10"),
    ("STRIPE_SECRET_KEY", "sk_test_configuration"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_configuration"),
    ("STRIPE_PRICE_ID_CORE", "price_core"),
    ("STRIPE_PRICE_ID_PRO", "price_pro"),
    ("STRIPE_PRICE_ID_STUDIO", "price_studio"),
    // Nothing listens at this address: tests do not call the real Stripe.
    ("STRIPE_API_BASE", "http://127.0.0.1:1/"),
];

const LIVE: (&str, &str) = ("STRIPE_SECRET_KEY", "sk_live_configuration");

/// The good settings with changes.
pub(crate) fn good_but<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = GOOD.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

/// The good settings without one.
fn good_without(name: &str) -> Vec<(&'static str, &'static str)> {
    GOOD.into_iter().filter(|(other, _)| *other != name).collect()
}

/// `serve` exits with one sentence that names the variable.
pub(crate) async fn is_refused(variables: &[(&str, &str)], name: &str) {
    let folder = folder();
    let output = program::runs(folder.path(), &["serve"], variables).await;
    let complaint = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{name}: {complaint}");
    assert_eq!(complaint.trim().lines().count(), 1, "{name}: {complaint}");
    assert!(complaint.contains(name), "{name}: {complaint}");
    assert!(output.stdout.is_empty(), "{name}");
    assert!(!folder.path().join("gateway.db").exists(), "{name}: a refused start made a database");
    for (variable, secret) in variables.iter().filter(|(variable, _)| secret_variables().contains(variable)) {
        assert!(secret.len() < 8 || !complaint.contains(secret), "{variable} shows: {complaint}");
    }
}

fn secret_variables() -> [&'static str; 4] {
    ["JWT_SECRET", "EXPORT_TICKET_SECRET", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
}

/// The names of all variables in the order of their declaration.
pub(crate) fn variables() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/variables.rs");
    let text = std::fs::read_to_string(path).unwrap();
    text.split("env = \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_is_missing_stops_the_start() {
    for name in [
        "DATABASE_URL",
        "JWT_SECRET",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_PRICE_ID_CORE",
        "STRIPE_PRICE_ID_PRO",
        "STRIPE_PRICE_ID_STUDIO",
    ] {
        is_refused(&good_without(name), name).await;
        is_refused(&good_but(&[(name, "")]), name).await;
        is_refused(&good_but(&[(name, " ")]), name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_used_stops_the_start() {
    for url in [
        "mysql://localhost/hive",
        "gateway.db",
        "sqlite",
        "sqlite:",
        "sqlite://",
        "sqlite:?mode=rwc",
        "sqlite::memory:",
        "sqlite:%3Amemory%3A",
        "sqlite:x.db?mode=memory",
        "sqlite:/nowhere/gateway.db",
        "postgres://someone:p@ss/w0rd#1@127.0.0.1:1/hive",
        "postgres://127.0.0.1:1/hive?schema=billing",
    ] {
        is_refused(&good_but(&[("DATABASE_URL", url)]), "DATABASE_URL").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_secret_stops_the_start() {
    for weak in [
        "0123456789abcdef0123456789abcde",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "changemechangemechangemechangeme",
        "0123456789012345678901234567890123456789",
        "development only: this secret is in the source code",
    ] {
        is_refused(&good_but(&[("JWT_SECRET", weak)]), "JWT_SECRET").await;
        is_refused(&good_but(&[("EXPORT_TICKET_SECRET", weak)]), "EXPORT_TICKET_SECRET").await;
    }
    is_refused(&good_but(&[("STRIPE_WEBHOOK_SECRET", ",")]), "STRIPE_WEBHOOK_SECRET").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandboxs_public_webhook_secret_is_for_a_sandbox_only() {
    let public = ("STRIPE_WEBHOOK_SECRET", "whsec_development_only_patch_hive_sandbox");
    let elsewhere = ("STRIPE_API_BASE", "https://stripe.invalid/");
    is_refused(&good_but(&[public, elsewhere]), "STRIPE_WEBHOOK_SECRET").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_is_reported_at_once() {
    let folder = folder();
    let wrong = [
        ("LOG_FORMAT", "xml"),
        ("BIND", "nowhere"),
        ("DATABASE_URL", "sqlite:"),
        ("JWT_SECRET", "short"),
        ("JWT_PUBLIC_KEY", include_str!("keys/p521.public.pem")),
        ("STRIPE_SECRET_KEY", "nonsense"),
        ("STRIPE_PRICE_ID_PRO", "price_core"),
        ("MAX_DEPTH", "33"),
        ("TRUSTED_DOCUMENTS", "missing.json"),
        ("TRUSTED_PROXIES", "everybody"),
        ("DRAIN", "soon"),
    ];
    let output = program::runs(folder.path(), &["serve"], &good_but(&wrong)).await;
    let complaint = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    let reported: Vec<_> = complaint.lines().collect();
    assert_eq!(reported.len(), wrong.len(), "{complaint}");
    for (name, _) in wrong {
        let prefix = format!("patch-hive: {name} must ");
        assert!(reported.iter().any(|line| line.starts_with(&prefix)), "{name}: {complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_public_key_stops_the_start() {
    let (private, p521) = (include_str!("keys/ed25519.pem"), include_str!("keys/p521.public.pem"));
    for key in ["nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", private, p521] {
        is_refused(&good_but(&[("JWT_PUBLIC_KEY", key)]), "JWT_PUBLIC_KEY").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_alone_leaves_tickets_without_a_secret() {
    let key = ("JWT_PUBLIC_KEY", include_str!("keys/ed25519.public.pem"));
    is_refused(&good_but(&[key, ("JWT_SECRET", "")]), "EXPORT_TICKET_SECRET").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_stripe_setting_stops_the_start() {
    for (name, values) in [
        ("STRIPE_SECRET_KEY", vec!["nonsense", "pk_test_publishable", "sk", "sk_test_...", "sk_test_<key>"]),
        (
            "STRIPE_WEBHOOK_SECRET",
            vec!["secret", "sk_test_configuration", "whsec_...", "whsec_one,secret", "we_1", "whsec_one whsec_two"],
        ),
        ("STRIPE_PUBLISHABLE_KEY", vec!["sk_test_configuration", "pk_test_..."]),
        ("STRIPE_PRICE_ID_CORE", vec!["price_...", "price_core,price_\u{2026}"]),
        ("RECONCILE_INTERVAL_MINUTES", vec!["-1", "10081", "hourly"]),
        ("WEBHOOK_RETENTION_DAYS", vec!["0", "3651", "90d"]),
        ("OPERATION_RETENTION_DAYS", vec!["1", "3651", "30d"]),
        ("STRIPE_API_BASE", vec!["nonsense", "api.stripe.com", "ftp://api.stripe.com/"]),
        ("STRIPE_ATTEMPTS", vec!["0", "-1", "many"]),
        ("STRIPE_TIMEOUT", vec!["0s", "20", "soon"]),
        ("STRIPE_ENABLED", vec!["perhaps"]),
        ("STRIPE_TAX", vec!["10%", "perhaps"]),
        ("STRIPE_PROMOTION_CODES", vec!["SAVE20"]),
        ("STRIPE_PRICE_ID_PRO", vec!["price_core", "price_pro,price_studio"]),
    ] {
        for value in values {
            let named = if value.ends_with("price_studio") { "STRIPE_PRICE_ID_STUDIO" } else { name };
            is_refused(&good_but(&[(name, value)]), named).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_no_web_address_stops_the_start() {
    for name in ["TERMS_URL", "PRIVACY_URL"] {
        for value in
            ["terms", "/terms", "http://patchhive.example/terms", "javascript:alert(1)", "https://a:b@c.example/"]
        {
            is_refused(&good_but(&[(name, value)]), name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_mail_settings_stop_the_start_and_are_reported_together() {
    let server = ("SMTP_URL", "smtps://gateway:secret@mail.example");
    let sender = ("MAIL_FROM", "Patch-Hive <no-reply@patchhive.example>");
    let pages = ("PUBLIC_URL", "https://patchhive.example");
    is_refused(&good_but(&[server, pages]), "MAIL_FROM").await;
    is_refused(&good_but(&[server, sender]), "PUBLIC_URL").await;
    let (plain, downgraded) =
        ("smtp://gateway:secret@mail.example", "smtp://gateway:secret@mail.example?tls=opportunistic");
    for url in ["mail.example", "http://mail.example", "smtps://", plain, downgraded] {
        is_refused(&good_but(&[("SMTP_URL", url), sender, pages]), "SMTP_URL").await;
    }
    for from in ["Patch-Hive", "a@", "a@b.example, c@d.example"] {
        is_refused(&good_but(&[server, ("MAIL_FROM", from), pages]), "MAIL_FROM").await;
    }
    for url in ["patchhive.example", "http://patchhive.example", "ftp://patchhive.example"] {
        is_refused(&good_but(&[server, sender, ("PUBLIC_URL", url)]), "PUBLIC_URL").await;
    }
    let folder = folder();
    let wrong = good_but(&[("SMTP_URL", "mail.example"), ("MAIL_FROM", "nobody"), ("PUBLIC_URL", "nowhere")]);
    let complaint = complaint(&program::runs(folder.path(), &["serve"], &wrong).await);
    assert_eq!(complaint.lines().count(), 3, "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_does_not_answer_is_named_at_the_start() {
    let folder = folder();
    // Nothing listens at this port.
    let settings = good_but(&[("DATABASE_URL", "postgres://hive:secret@127.0.0.1:1/hive")]);
    let output = program::runs(folder.path(), &["serve"], &settings).await;
    let complaint = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("127.0.0.1:1") && complaint.contains("refused"), "{complaint}");
    assert!(!complaint.contains("secret") && !complaint.contains("pool"), "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_key_is_sent_to_stripe_only() {
    for base in [
        "http://127.0.0.1:8001/",
        "http://api.stripe.com/",
        "https://api.stripe.com.evil.example/",
        "https://api.stripe.com@evil.example/",
        "https://evil.example/api.stripe.com",
    ] {
        is_refused(&good_but(&[LIVE, ("STRIPE_API_BASE", base)]), "STRIPE_API_BASE").await;
        is_refused(&good_but(&[("STRIPE_SECRET_KEY", "rk_live_x"), ("STRIPE_API_BASE", base)]), "STRIPE_API_BASE")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_origin_stops_the_start() {
    for name in ["ALLOWED_REDIRECT_ORIGINS", "CORS_ALLOWED_ORIGINS"] {
        for origin in [
            "*",
            "patchhive.example",
            "https://patchhive.example/account",
            "https://a.example;https://b.example",
            "https://a.example,nonsense",
            "null",
        ] {
            is_refused(&good_but(&[(name, origin)]), name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn graphiql_without_the_schema_stops_the_start() {
    is_refused(&good_but(&[("GRAPHIQL", "true"), ("INTROSPECTION", "false")]), "INTROSPECTION").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_out_of_range_stops_the_start() {
    for name in [
        "MAX_BODY_BYTES",
        "MAX_WEBHOOK_BYTES",
        "MAX_DOCUMENT_BYTES",
        "MAX_DOCUMENT_TOKENS",
        "MAX_DEPTH",
        "MAX_ROOT_FIELDS",
        "MAX_MUTATIONS",
        "MAX_COMPLEXITY",
        "DATABASE_MAX_CONNECTIONS",
        "DATABASE_BACKGROUND_CONNECTIONS",
    ] {
        for value in ["0", "-1", "lots"] {
            is_refused(&good_but(&[(name, value)]), name).await;
        }
    }
    for (name, values) in [
        ("PATCHBOOK_EXPORT_COST", ["-1", "1000001", "three"]),
        ("BCRYPT_COST", ["4", "17", "ten"]),
        ("JWT_TTL", ["0s", "24", "soon"]),
        ("EXPORT_TICKET_TTL", ["0m", "-5m", "m"]),
        ("DRAIN", ["0s", "3651d", "99999999999999999999s"]),
        ("BIND", ["8000", "localhost", "127.0.0.1:65536"]),
        ("GRAPHIQL", ["perhaps", "2", "-"]),
        ("INTROSPECTION", ["perhaps", "2", "-"]),
        ("MAX_DEPTH", ["33", "1000", "deep"]),
        ("MAX_PAGE_SIZE", ["0", "101", "all"]),
        ("RATE_LIMIT", ["perhaps", "100/s", "-"]),
        ("RATE_LIMIT_USER", ["off", "0/s", "10"]),
        ("RATE_LIMIT_STRIPE", ["off", "0/min", "60"]),
        ("RATE_LIMIT_WEBHOOK", ["off", "0/min", "60"]),
        ("RATE_LIMIT_LOG_IN_EMAIL", ["5/d", "/min", "-1/min"]),
        ("TRUSTED_PROXIES", ["everybody", "10.0.0.0/33", "10.0.0.1;10.0.0.2"]),
        ("OPERATION_TIMEOUT", ["0s", "30", "soon"]),
        ("MAX_CONNECTIONS", ["0", "-1", "lots"]),
        ("HEADER_TIMEOUT", ["0s", "75", "-1s"]),
        ("KEEP_ALIVE", ["0s", "15", "-1s"]),
        ("MAX_SOCKETS_PER_USER", ["0", "-1", "lots"]),
        ("METRICS_BIND", ["9464", "localhost", "127.0.0.1:65536"]),
        ("LOG", ["patch_hive=loud", "=", "patch_hive=debug=info"]),
        ("LOG_FORMAT", ["xml", "JSON", "text"]),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ["127.0.0.1:4318", "https://collector.example", "udp://127.0.0.1:1"]),
    ] {
        for value in values {
            is_refused(&good_but(&[(name, value)]), name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_key_is_not_accepted_as_the_publishable_key() {
    is_refused(&good_but(&[("STRIPE_PUBLISHABLE_KEY", "sk_test_configuration")]), "STRIPE_PUBLISHABLE_KEY").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ticket_secret_must_differ_from_the_token_secret() {
    let same = "0123456789abcdef0123456789abcdef";
    is_refused(&good_but(&[("EXPORT_TICKET_SECRET", same)]), "EXPORT_TICKET_SECRET").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_settings_that_cannot_be_read_to_its_end_stops_the_start() {
    for odd in ["A LINE THAT IS NONE", "X=\"hidden"] {
        let folder = folder();
        let file = format!("DATABASE_URL=sqlite:gateway.db\n{odd}\nALLOWED_REDIRECT_ORIGINS=https://a.example\n");
        std::fs::write(folder.path().join(".env"), file).unwrap();
        let output = program::runs(folder.path(), &["serve"], &GOOD).await;
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(".env") && !complaint.contains("hidden"), "{complaint}");
        assert!(!complaint.contains("NONE"), "the line may be a secret: {complaint}");
    }
}
