//! Passwords: bcrypt, off the threads that serve requests.

use std::{
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use tokio::{sync::Semaphore, time::timeout};

use crate::error::Error;

/// How many passwords are hashed at once: more than there are processors would only slow each other.
static WORKERS: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, Into::into))));

/// How long a password waits for its turn. Whoever floods log-ins makes others wait, and no longer than this.
const WAIT: Duration = Duration::from_secs(5);

const CROWDED: Error = Error::RateLimited(WAIT);

/// Shorter ones are guessed.
pub(super) const MIN_BYTES: usize = 8;

/// bcrypt reads no further, and so two long passwords could be the same one.
pub(super) const MAX_BYTES: usize = 72;

/// Checks the length of a new password.
pub(super) fn check(password: &str) -> Result<(), Error> {
    if (MIN_BYTES..=MAX_BYTES).contains(&password.len()) && !password.contains('\0') {
        return Ok(());
    }
    Err(Error::bad_input(format!("password must have {MIN_BYTES} to {MAX_BYTES} bytes")))
}

/// Hashes a password.
pub(super) async fn hash(password: String, cost: u32) -> Result<String, Error> {
    blocking(move || bcrypt::hash(password, cost)).await
}

/// Compares a password with a hash. Without a hash the answer is no, and takes as long as another; so it is with a hash that
/// another application has made in another way. What bcrypt would not
/// read decides too: a right password with more behind it is a wrong one.
pub(super) async fn matches(password: String, hash: Option<String>, cost: u32) -> Result<bool, Error> {
    let whole = password.len() <= MAX_BYTES && !password.contains('\0');
    blocking(move || match hash.map(|hash| bcrypt::verify(&password, &hash)) {
        Some(Ok(right)) => Ok(right && whole),
        Some(Err(_)) | None => bcrypt::hash(password, cost).map(|_| false),
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
) -> Result<T, Error> {
    let turn = timeout(WAIT, WORKERS.clone().acquire_owned()).await.map_err(|_| CROWDED)?;
    let turn = turn.map_err(|error| Error::Internal(error.to_string()))?;
    // The turn ends with the work, also where nobody waits for the answer any more.
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?;
    done.map_err(|error| Error::Internal(error.to_string()))
}
