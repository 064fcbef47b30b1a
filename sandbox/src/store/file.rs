//! The state file: the whole state as JSON, replaced atomically, so that a crash leaves the old file or the new one.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::store::{Store, error::Error, state::State};

/// Changes within this time are written together.
const PAUSE: Duration = Duration::from_millis(50);

/// Loads the state from a file; `None` if there is no file.
///
/// # Errors
/// When the file cannot be read or is not a state file of this version.
pub(crate) fn load(path: &Path) -> Result<Option<State>, Error> {
    let json = match fs::read(path) {
        Ok(json) => json,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Error::ReadState { path: path.to_owned(), source });
        }
    };
    let foreign = |reason: String| Error::ForeignState { path: path.to_owned(), reason };
    match State::read(&json) {
        Ok(Some(state)) => Ok(Some(state)),
        Ok(None) => Err(foreign("it has another format".to_owned())),
        Err(error) => Err(foreign(error.to_string())),
    }
}

/// Writes every change until `stop`, and then once more.
pub(crate) async fn keep(store: Arc<Store>, path: PathBuf, stop: CancellationToken) {
    let mut changes = store.changes();
    while !stop.is_cancelled() {
        tokio::select! {
            _ = changes.changed() => {}
            () = stop.cancelled() => break,
        }
        write_in_background(&store, &path).await;
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
    write_in_background(&store, &path).await;
}

async fn write_in_background(store: &Arc<Store>, path: &Path) {
    let (store, path) = (Arc::clone(store), path.to_owned());
    let written = tokio::task::spawn_blocking(move || {
        let json = store.view(serde_json::to_vec)?;
        replace(&path, &json)
    });
    match written.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the sandbox could not write its state file"),
        Err(error) => tracing::error!(%error, "the sandbox stopped while writing its state file"),
    }
}

fn replace(path: &Path, json: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = File::create(&new)?;
    file.write_all(json)?;
    file.sync_all()?;
    fs::rename(new, path)
}
