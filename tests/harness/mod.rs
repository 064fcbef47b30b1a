//! Shared parts of the tests: gateways, databases, clients and users.

pub(crate) mod actor;
pub(crate) mod app;
pub(crate) mod book;
pub(crate) mod folder;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod replicas;
pub(crate) mod rng;
pub(crate) mod signature;
pub(crate) mod socket;
pub(crate) mod sqlite;
pub(crate) mod world;

pub(crate) use actor::Actor;
pub(crate) use app::{Backend, TestApp, run};
pub(crate) use folder::folder;
pub(crate) use process::Process;
pub(crate) use socket::Socket;

/// Reports that facts cannot be tested here, and why; fails if everything is required.
#[expect(clippy::disallowed_methods, reason = "the tests' own switch, which is none of the gateway's settings")]
pub(crate) fn left_out(why: &str) {
    let required = std::env::var("PATCH_HIVE_TEST_REQUIRE").is_ok_and(|value| value == "all");
    assert!(!required, "PATCH_HIVE_TEST_REQUIRE=all, and {why}");
    eprintln!("\n*** NOT tested here: {why}. ***\n");
}

/// Declares facts about the gateway: each is tested on both databases, and ends by proving the books.
macro_rules! facts {
    ($(async fn $name:ident($app:ident: $type:ty) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn fact($app: $type) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                crate::harness::run(crate::harness::Backend::Sqlite, fact).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                crate::harness::run(crate::harness::Backend::Postgres, fact).await;
            }
        }
    )*};
}
pub(crate) use facts;
