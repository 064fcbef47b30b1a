//! The readiness check. Its result is reused for a moment, and callers who come meanwhile wait for the same check: however
//! many probes come, the database sees about one check a second. It uses the connections of the jobs, so that users'
//! requests which occupy all of theirs do not make a working replica look broken.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use crate::app::App;

/// Time for which a result is reused.
const REUSED: Duration = Duration::from_secs(1);

/// Time limit of the database's answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The reason why the process should be sent no requests.
type Reason = &'static str;

/// A result, and when it was found.
type Found = (Instant, Result<(), Reason>);

/// The last result.
#[derive(Clone, Default)]
pub(super) struct Readiness(Arc<Mutex<Option<Found>>>);

impl Readiness {
    /// Checks that the database can be read and written, and has every migration of this program.
    pub(super) async fn check(&self, app: &App) -> Result<(), Reason> {
        let mut last = self.0.clone().lock_owned().await;
        if let Some((at, result)) = *last
            && at.elapsed() < REUSED
        {
            return result;
        }
        let app = app.background();
        // In a task of its own: a probe that hangs up must not make the next one begin again.
        let check = tokio::spawn(async move {
            let result = timeout(PATIENCE, ask(&app)).await.unwrap_or(Err("the database takes too long"));
            *last = Some((Instant::now(), result));
            result
        });
        check.await.unwrap_or(Err("the check ended early"))
    }
}

async fn ask(app: &App) -> Result<(), Reason> {
    match migration::pending(app.database.read()).await {
        Ok(0) => {}
        Ok(_) => return Err("the database waits for patch-hive migrate up"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            return Err("the database does not answer");
        }
    }
    app.database.test_write().await.map_err(|error| {
        tracing::warn!(%error, "not ready");
        "the database cannot be written"
    })
}
