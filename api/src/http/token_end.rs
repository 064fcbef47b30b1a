//! Waits for the end of a token, for connections that stay open.

use tokio::time::{sleep, timeout};

use crate::{accounts, app::App, auth::Viewer, error::Error};

/// The way in which a token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenEnd {
    /// The token has expired.
    Expired,
    /// The token was revoked, or its user has lost the role that it claims.
    Revoked,
}

/// Waits until the token of a connection ends; forever if there is none. Times are wall time.
#[expect(
    clippy::manual_async_fn,
    reason = "a function would keep its arguments twice for as long as the connection is open"
)]
pub(super) fn token_ended(app: App, viewer: Option<Viewer>) -> impl Future<Output = TokenEnd> + Send {
    async move {
        let Some(viewer) = &viewer else { return std::future::pending().await };
        let left = viewer.expires_at - app.clock.wall();
        tokio::select! {
            () = sleep(left.to_std().unwrap_or_default()) => TokenEnd::Expired,
            () = token_revoked(&app, viewer) => TokenEnd::Revoked,
        }
    }
}

/// Checks again whenever tokens of the user were revoked, and at the interval of pings if that check failed or the token allows
/// more than the own account.
async fn token_revoked(app: &App, viewer: &Viewer) {
    let mut revocations = app.identities.watch(viewer.user_id);
    loop {
        // Tokens may have been revoked between the check of the request and the beginning of the watch.
        //
        // Boxed: every open connection would carry the state of the check, some 12 kB.
        let checks_again = match Box::pin(accounts::check(app, *viewer)).await {
            Ok(now) if now.role == viewer.role => viewer.is_privileged(),
            Ok(_) | Err(Error::Unauthenticated(_)) => return,
            Err(error) => {
                tracing::debug!(%error, "a token could not be checked this time");
                true
            }
        };
        if checks_again {
            Box::pin(timeout(app.config.limits.keep_alive, revocations.changed())).await.ok();
        } else {
            revocations.changed().await;
        }
    }
}
