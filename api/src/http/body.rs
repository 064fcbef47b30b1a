//! Bodies, read within limits of size and time.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody},
    http::StatusCode,
};
use futures_util::StreamExt;

use super::refusal::Refusal;

/// How long a client may take to send a body.
const TIME: Duration = Duration::from_secs(15);

/// How far beyond the limit a body is still read, and forgotten. A client that is answered in the middle of its body often
/// sees a broken connection instead of the answer.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Reads a whole body.
///
/// # Errors
/// It has more than `limit` bytes, or takes too long.
pub(super) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let late = Refusal::new(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", "the body took too long to arrive");
    tokio::time::timeout(TIME, collect(body, limit)).await.map_err(|_| late)?
}

async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit.saturating_add(LINGER_BYTES) {
        return Err(too_large(limit));
    }
    let (mut kept, mut length) = (Vec::with_capacity(announced.min(limit)), 0_usize);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad_request("the body ended early"))?;
        length = length.saturating_add(chunk.len());
        if length <= limit {
            kept.extend_from_slice(&chunk);
        } else if length - limit > LINGER_BYTES {
            break;
        }
    }
    if length > limit { Err(too_large(limit)) } else { Ok(kept) }
}

fn too_large(limit: usize) -> Refusal {
    let message = format!("the body has more than {limit} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
}
