//! The settings of the database.

use std::{path::Path, str::FromStr};

use sea_orm::sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};
use url::Url;

use super::within;
use crate::{
    config::{DatabaseVariables, Problems},
    database,
};

/// Parameters of a PostgreSQL URL that sqlx reads. It ignores others, which would silently lose what they ask for.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

impl DatabaseVariables {
    /// Checks the settings of the database. `problems` holds those found before.
    ///
    /// # Errors
    /// Every problem, with the variable that has it.
    pub fn check(self, mut problems: Problems) -> Result<database::Settings, Problems> {
        let settings = self.take(&mut problems);
        problems.none_or(settings)
    }

    pub(super) fn take(self, problems: &mut Problems) -> database::Settings {
        let url = self.database_url.take_if(problems, |url| match url {
            Some(url) => check_url(url),
            None => {
                Err("must be set to postgres://user:password@host/name, or to sqlite:path/to/file.db for a single \
                         process"
                    .to_owned())
            }
        });
        database::Settings {
            url: url.unwrap_or_default(),
            max_connections: self.database_max_connections.take_if(problems, within(1..=u32::MAX)),
            background_connections: self.database_background_connections.take_if(problems, within(1..=u32::MAX)),
            acquire_timeout: self.database_acquire_timeout.take(problems),
            statement_timeout: self.database_statement_timeout.take(problems),
            lock_timeout: self.database_lock_timeout.take(problems),
        }
    }
}

/// Checks that a URL names a PostgreSQL database or a SQLite file.
///
/// # Errors
/// The rest of a sentence that begins with the variable or flag. It never repeats the URL, which may hold a password.
pub fn check_url(url: &str) -> Result<(), String> {
    if url.starts_with("sqlite:") {
        check_sqlite(url)
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        check_postgres(url)
    } else {
        Err("must be a URL that begins with postgres: or sqlite:".to_owned())
    }
}

/// SQLite keeps a database without a file in memory, one for each connection, and forgets it.
fn check_sqlite(url: &str) -> Result<(), String> {
    const EXAMPLE: &str = "such as sqlite:patch-hive.db";
    let options =
        SqliteConnectOptions::from_str(url).map_err(|error| format!("must be a SQLite URL {EXAMPLE}: {error}"))?;
    let file = options.get_filename();
    let name = file.to_string_lossy();
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    if name.trim().is_empty() {
        return Err(format!("must name a file, {EXAMPLE}"));
    }
    if name.contains(":memory:") || name.starts_with("file:") || parameters.contains("mode=memory") {
        return Err(format!("must name a file, {EXAMPLE}: an in-memory database would forget every credit"));
    }
    if name.ends_with('/') || file.is_dir() {
        return Err(format!("must name a file, {EXAMPLE}, not a folder"));
    }
    match file.parent().filter(|folder| *folder != Path::new("") && !folder.is_dir()) {
        Some(folder) => Err(format!("names a file in {}, which does not exist", folder.display())),
        None => Ok(()),
    }
}

fn check_postgres(text: &str) -> Result<(), String> {
    const ENCODING: &str = "percent-encode special characters in the password (@ is %40, / is %2F, # is %23, ? is %3F, \
                            : is %3A, % is %25)";
    let url = Url::parse(text).map_err(|error| format!("is not a valid URL ({error}): {ENCODING}"))?;
    // A password that is not encoded ends the host early: the real host is then part of what follows.
    if url.fragment().is_some() || url.path().contains('@') || url.query().is_some_and(|query| query.contains('@')) {
        return Err(format!("must not contain @ or # after the host: {ENCODING}"));
    }
    for (name, value) in url.query_pairs() {
        if name == "schema" || name == "currentSchema" {
            return Err(format!("must not have the parameter {name}: write options[search_path]={value} instead"));
        }
        if !PARAMETERS.contains(&&*name) && !name.starts_with("options[") {
            return Err(format!("must not have the parameter {name}, which is not supported: remove it"));
        }
    }
    PgConnectOptions::from_str(text).map(drop).map_err(|error| format!("is not a valid URL: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named() {
        assert_eq!(check_url("sqlite:patch-hive.db"), Ok(()));
        assert_eq!(check_url("sqlite:///tmp/patch-hive.db?mode=rwc"), Ok(()));
        for url in ["sqlite:", "sqlite://", "sqlite:?mode=rwc", "sqlite: ", "sqlite:%20"] {
            assert!(check_url(url).unwrap_err().contains("name a file"), "{url}");
        }
        for url in ["sqlite::memory:", "sqlite:%3Amemory%3A", "sqlite:x.db?mode=memory", "sqlite:file:x?cache=shared"] {
            assert!(check_url(url).unwrap_err().contains("in-memory"), "{url}");
        }
        for url in ["sqlite:/tmp", "sqlite:data/", "sqlite:."] {
            assert!(check_url(url).unwrap_err().contains("folder"), "{url}");
        }
        assert!(check_url("sqlite:/nowhere/at/all.db").unwrap_err().contains("/nowhere/at"));
        assert!(check_url("sqlite:x.db?journal=off").unwrap_err().contains("journal"));
    }

    #[test]
    fn a_password_with_special_characters_is_explained() {
        for password in ["p@ss/w0rd#1", "a?b:c", "a/b", "a#b", "50%"] {
            let checked = check_url(&format!("postgres://someone:{password}@127.0.0.1:5432/hive"));
            // The library takes a lone % as it stands.
            let Err(problem) = checked else {
                assert_eq!(password, "50%");
                continue;
            };
            assert!(problem.contains("%40") && !problem.contains(password), "{password}: {problem}");
        }
        assert_eq!(check_url("postgres://someone:p%40ss%2Fw0rd%231@127.0.0.1:5432/hive"), Ok(()));
    }

    #[test]
    fn a_parameter_that_would_be_ignored_is_refused() {
        assert_eq!(check_url("postgresql://host/hive?sslmode=require&options[search_path]=billing"), Ok(()));
        assert!(check_url("postgres://host/hive?schema=billing").unwrap_err().contains("options[search_path]=billing"));
        assert!(check_url("postgres://host/hive?pgbouncer=true").unwrap_err().contains("pgbouncer"));
        assert!(check_url("postgres://host/hive?sslmode=perhaps").unwrap_err().contains("valid URL"));
    }
}
