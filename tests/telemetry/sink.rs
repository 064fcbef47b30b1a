//! An OTLP collector that keeps the bytes it receives.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use tokio::net::TcpListener;

/// Receives spans by OTLP.
pub(super) struct Sink {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Sink {
    pub(super) async fn start() -> Self {
        let taken = Arc::<Mutex<Vec<u8>>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let take = async |State(taken): State<Arc<Mutex<Vec<u8>>>>, body: Bytes| taken.lock().unwrap().extend(body);
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&taken));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, taken }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns whether the received bytes contain these. Protobuf encodes texts and ids unchanged.
    pub(super) fn holds(&self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        self.taken.lock().unwrap().windows(bytes.len()).any(|window| window == bytes)
    }
}
