//! Waits for the end of a token, for connections that stay open.

use tokio::time::{Instant, interval_at, sleep};

use super::gateway::Gateway;
use crate::{accounts, auth::Viewer, error::Error};

/// The way in which a token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenEnd {
    /// The token has expired.
    Expired,
    /// The token was revoked, or its user has lost the role that it claims.
    Revoked,
}

impl Gateway {
    /// Waits until the token of a connection ends; forever if there is none. Times are wall time.
    pub(super) fn token_ended(&self, viewer: Option<Viewer>) -> impl Future<Output = TokenEnd> + Send + use<> {
        let gateway = self.clone();
        async move {
            let Some(viewer) = viewer else { return std::future::pending().await };
            let left = viewer.expires_at - gateway.app.clock.wall();
            tokio::select! {
                () = sleep(left.to_std().unwrap_or_default()) => TokenEnd::Expired,
                () = gateway.token_revoked(viewer) => TokenEnd::Revoked,
            }
        }
    }

    /// Checks again whenever tokens of the user were revoked, and at each ping if that check failed or the token allows more
    /// than the own account.
    async fn token_revoked(&self, viewer: Viewer) {
        let mut revocations = self.app.identities.watch(viewer.user_id);
        let every = self.app.config.limits.keep_alive;
        let mut pings = interval_at(Instant::now() + every, every);
        let privileged = viewer.is_privileged();
        // Tokens may have been revoked between the check of the request and the beginning of the watch.
        let mut due = true;
        loop {
            if due {
                // Boxed: every open connection would carry the state of the check, some 12 kB.
                match Box::pin(accounts::check(&self.app, viewer)).await {
                    Ok(now) if now.role == viewer.role => due = privileged,
                    Ok(_) | Err(Error::Unauthenticated(_)) => return,
                    Err(error) => tracing::debug!(%error, "a token could not be checked this time"),
                }
            }
            tokio::select! {
                () = revocations.changed() => due = true,
                _ = pings.tick(), if due => {}
            }
        }
    }
}
