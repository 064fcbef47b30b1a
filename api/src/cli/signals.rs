//! Stop signals: SIGTERM and Ctrl-C.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use crate::server::Running;

/// Listens for stop signals from its creation on. Before, they end the process at once, so that a start that hangs can be
/// interrupted.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Signals {
    /// Starts listening.
    ///
    /// # Errors
    /// The system refuses.
    #[cfg(unix)]
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::Runtime(format!("cannot listen for signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for a signal.
    #[cfg(unix)]
    pub(super) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Starts listening at the first wait.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub(super) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for Ctrl-C.
    #[cfg(not(unix))]
    pub(super) async fn received(&mut self) {
        tokio::signal::ctrl_c().await.ok();
    }

    /// Runs a gateway until a signal, then stops it gracefully; a second signal ends it at once.
    pub(super) async fn run_until_stopped(&mut self, gateway: Running) {
        self.received().await;
        tracing::info!("stopping");
        tokio::select! {
            () = gateway.stop() => {}
            () = self.received() => tracing::warn!("stopped without waiting for open requests"),
        }
    }
}
