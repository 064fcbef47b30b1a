//! The files that `dev` keeps in the working folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::cli::failure::Failure;

/// The files that persist between starts.
pub(super) struct Files {
    /// The database, if it is a file.
    database: Option<PathBuf>,
    /// The sandbox's state.
    pub(super) sandbox: PathBuf,
}

impl Files {
    /// The files of a database URL.
    pub(super) fn of(database_url: &str) -> Self {
        let database = database_url.strip_prefix("sqlite:").map(|rest| {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            PathBuf::from(path.split('?').next().unwrap_or(path))
        });
        let beside = database.as_deref().unwrap_or_else(|| Path::new("patch-hive.db"));
        Self { sandbox: with_suffix(beside, ".sandbox.json"), database }
    }

    /// Removes them.
    ///
    /// # Errors
    /// The database is not a file, or a file cannot be removed.
    pub(super) fn discard(&self) -> Result<(), Failure> {
        let Some(database) = &self.database else {
            let sentence = "--fresh deletes SQLite files only: empty another database yourself, and omit --fresh";
            return Err(Failure::Settings(sentence.to_owned()));
        };
        let files =
            [database.clone(), with_suffix(database, "-wal"), with_suffix(database, "-shm"), self.sandbox.clone()];
        for file in files {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::Runtime(format!("cannot delete {}: {error}", file.display())));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_file_is_next_to_the_database() {
        for (url, database) in [
            ("sqlite:patch-hive.db", "patch-hive.db"),
            ("sqlite://a/b.db?mode=rwc", "a/b.db"),
            ("sqlite:///tmp/b.db", "/tmp/b.db"),
        ] {
            let files = Files::of(url);
            assert_eq!(files.database, Some(PathBuf::from(database)));
            assert_eq!(files.sandbox, PathBuf::from(format!("{database}.sandbox.json")));
        }
    }

    #[test]
    fn only_a_file_is_deleted() {
        let files = Files::of("postgres://localhost/patch_hive");
        assert_eq!(files.sandbox, PathBuf::from("patch-hive.db.sandbox.json"));
        assert!(matches!(files.discard(), Err(Failure::Settings(_))));
    }
}
