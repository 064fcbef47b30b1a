//! A SQLite file is served by one process, because hints and the single writer live in it. An operating-system lock on a
//! file beside it enforces this, and disappears with the process, however that ends.

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use super::OpenError;

/// Number of attempts to take the lock: a process that is about to stop, or only migrates, soon releases it.
const ATTEMPTS: u32 = 30;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes the lock for as long as the returned file stays open.
pub(super) async fn take(database: &Path) -> Result<File, OpenError> {
    let mut beside = database.as_os_str().to_owned();
    beside.push(".lock");
    let failed = |error| OpenError::Lock(database.display().to_string(), error);
    let file = File::options().create(true).truncate(false).write(true).open(&beside).map_err(failed)?;
    for _ in 0..ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    Err(OpenError::InUse(database.display().to_string()))
}
