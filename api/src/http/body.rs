//! Reads request bodies within limits of size, time and memory.

use std::{ops::Deref, time::Duration};

use axum::{
    body::{Body, HttpBody},
    http::StatusCode,
};
use futures_util::StreamExt;

use super::{
    memory::{FREE_BYTES, Reservation},
    refusal::Refusal,
};

/// Time limit for receiving a body.
const TIME: Duration = Duration::from_secs(15);

/// Bytes beyond the limit that are still read, and discarded. A client that is answered in the middle of its body often
/// sees a broken connection instead of the answer.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// The bytes that each chunk counts for at least. A chunk takes time however small it is, so that a body of many small
/// ones reaches its limit early.
const MIN_CHUNK_BYTES: usize = 64;

/// However low the limit is, 256 small chunks are read.
const MIN_COUNTED_LIMIT: usize = 256 * MIN_CHUNK_BYTES;

/// As [`MIN_CHUNK_BYTES`], for chunks that are discarded.
const MIN_DISCARDED_BYTES: usize = 1024;

/// A whole body. The memory budget counts it until this is dropped.
pub(super) struct ReceivedBody {
    bytes: Vec<u8>,
    _reservation: Reservation,
}

impl Deref for ReceivedBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a whole body.
///
/// # Errors
/// The body has more than `limit` bytes, takes too long, or does not fit into the memory budget.
pub(super) async fn read(body: Body, limit: usize, reservation: Reservation) -> Result<ReceivedBody, Refusal> {
    let late = Refusal::new(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", "The request body took too long to arrive.");
    tokio::time::timeout(TIME, collect(body, limit, reservation)).await.map_err(|_| late)?
}

async fn collect(body: Body, limit: usize, mut reservation: Reservation) -> Result<ReceivedBody, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit.saturating_add(LINGER_BYTES) {
        return Err(too_large(limit));
    }
    // A client may announce more than it ever sends.
    let mut bytes = Vec::with_capacity(announced.min(limit).min(FREE_BYTES));
    let (mut counted, mut discarded) = (0_usize, 0_usize);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad_request("The request body ended early."))?;
        counted = counted.saturating_add(chunk.len().max(MIN_CHUNK_BYTES));
        if bytes.len() + chunk.len() <= limit && counted <= limit.max(MIN_COUNTED_LIMIT) {
            reservation.grow(chunk.len()).map_err(|_| Refusal::busy())?;
            bytes.extend_from_slice(&chunk);
            continue;
        }
        discarded = discarded.saturating_add(chunk.len().max(MIN_DISCARDED_BYTES));
        if discarded > LINGER_BYTES {
            break;
        }
    }
    if discarded > 0 { Err(too_large(limit)) } else { Ok(ReceivedBody { bytes, _reservation: reservation }) }
}

fn too_large(limit: usize) -> Refusal {
    let message = format!("The request body has more than {limit} bytes, or too many small chunks.");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
}
