//! Whoever runs the process asks it to stop: SIGTERM, or Ctrl-C.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use crate::server::Running;

/// Listens for signals from the moment it is made. Until then they end the process at once, as is their custom: a start
/// that hangs is not to be waited for.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system lets nobody listen.
    #[cfg(unix)]
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::Runtime(format!("cannot listen for signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for one.
    #[cfg(unix)]
    pub(super) async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Listens from the first wait on.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub(super) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for Ctrl-C.
    #[cfg(not(unix))]
    pub(super) async fn asked_to_stop(&mut self) {
        tokio::signal::ctrl_c().await.ok();
    }

    /// Lets a gateway run until a signal comes, and stops it in order; a second signal cuts that short.
    pub(super) async fn watch_over(&mut self, gateway: Running) {
        self.asked_to_stop().await;
        tracing::info!("stopping");
        tokio::select! {
            () = gateway.stop() => {}
            () = self.asked_to_stop() => tracing::warn!("stopped at once"),
        }
    }
}
