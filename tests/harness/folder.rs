//! Folders for the files of tests: in memory, where there is room for them.
//!
//! A database of PostgreSQL is three hundred files. Creating them takes 40 to 200 ms of a processor on a disk, and 10 ms in
//! memory. Neither loses what a killed process has written.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::{Builder, TempDir};

/// The file system that Linux has in memory.
const MEMORY: &str = "/dev/shm";

/// Least free space in memory, in kibibytes. The tests need less than half of it.
const ROOM: u64 = 2 * 1024 * 1024;

/// Creates a folder, which is removed when it is dropped.
pub(crate) fn folder() -> TempDir {
    named("patch-hive-test-")
}

/// Creates a folder as [`folder`] does, with a name that begins so.
pub(crate) fn named(prefix: &str) -> TempDir {
    static PARENT: OnceLock<PathBuf> = OnceLock::new();
    let has_room = || free(Path::new(MEMORY)).is_some_and(|free| free >= ROOM);
    let parent = PARENT.get_or_init(|| if has_room() { MEMORY.into() } else { std::env::temp_dir() });
    Builder::new().prefix(prefix).tempdir_in(parent).unwrap()
}

/// Returns the free kibibytes of a file system, if it exists.
fn free(path: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(path).output().ok()?;
    let table = String::from_utf8(output.stdout).ok()?;
    table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}
