//! `patch-hive reconcile` prints what it found and applied, and its exit code shows the result.

use std::process::Output;

use super::{Effect, Fault, loses_webhooks};
use crate::harness::{
    TestApp, facts,
    program::{self, complaint},
};

async fn runs(app: &TestApp) -> Output {
    let base = format!("http://{}/", app.sandbox().address());
    let variables = [
        ("DATABASE_URL", app.database_url()),
        ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
        ("STRIPE_SECRET_KEY", "sk_test_reconcile"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_reconcile"),
        ("STRIPE_PRICE_ID_CORE", "price_core"),
        ("STRIPE_PRICE_ID_PRO", "price_pro"),
        ("STRIPE_PRICE_ID_STUDIO", "price_studio"),
        ("STRIPE_API_BASE", &base),
        ("STRIPE_ATTEMPTS", "1"),
    ];
    program::runs(app.folder(), &["reconcile", "--since", "7"], &variables).await
}

facts! {
    async fn the_exit_code_says_what_was_found(app: TestApp) {
        let ada = app.signs_up("ada").await;
        loses_webhooks(&app);
        ada.subscribes("CORE").await;
        app.stop().await;

        let effect = Effect::Refuse { status: 503 };
        app.sandbox().inject(Fault { method: "GET".to_owned(), path: "/v1/refunds".to_owned(), times: 1, effect });
        let broken = runs(&app).await;
        assert_eq!(broken.status.code(), Some(2), "{}", complaint(&broken));
        let table = String::from_utf8_lossy(&broken.stdout).into_owned();
        assert!(table.contains("refunds") && table.contains("broken off"), "{table}");

        let clean = runs(&app).await;
        assert_eq!(clean.status.code(), Some(0), "{}", complaint(&clean));
        app.restarts_stopped().await;
        assert_eq!(ada.credits().await, 25);
        loses_webhooks(&app);
        ada.buys(10).await;
        app.stop().await;
        let repaired = runs(&app).await;
        assert_eq!(repaired.status.code(), Some(1), "{}", complaint(&repaired));
        app.restarts_stopped().await;
        assert_eq!(ada.credits().await, 35);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_served_file_is_reconciled_only_by_its_server() {
    crate::harness::run(crate::harness::Backend::Sqlite, async |app| {
        let refused = runs(&app).await;
        assert_eq!(refused.status.code(), Some(2));
        assert!(complaint(&refused).contains("in use"), "{}", complaint(&refused));
    })
    .await;
}
