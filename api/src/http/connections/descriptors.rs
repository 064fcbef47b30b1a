//! Fits the number of connections to the file descriptors that the process may open.

use super::admission::RESERVED;
use crate::config::Config;

/// File descriptors for everything but clients and the database: listeners, calls to Stripe, files, logs.
const OTHERS: usize = 64;

/// Raises the process's limit of file descriptors as far as it may, and lowers `MAX_CONNECTIONS` to what fits. Without
/// this, a process that is full of clients could no longer reach its database or Stripe.
pub fn fit_to_descriptors(config: &mut Config) {
    let limit = match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "the limit of file descriptors could not be read");
            return;
        }
    };
    let database = usize::try_from(config.database.max_connections).unwrap_or(usize::MAX);
    let fits = connections_within(limit, database);
    if fits < config.limits.connections {
        tracing::warn!(
            wanted = config.limits.connections,
            allowed = fits,
            "MAX_CONNECTIONS is lowered to fit the limit of file descriptors (ulimit -n)"
        );
        config.limits.connections = fits;
    }
}

/// Clients that `limit` descriptors leave room for beside `database` connections to the database. A file of SQLite takes
/// up to three descriptors a connection.
fn connections_within(limit: usize, database: usize) -> usize {
    limit.saturating_sub(OTHERS).saturating_sub(RESERVED).saturating_sub(database.saturating_mul(3)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_everything_else() {
        assert_eq!(connections_within(1024, 10), 1024 - 64 - 16 - 30);
        assert_eq!(connections_within(20, 10), 1);
        assert!(connections_within(usize::MAX, usize::MAX) >= 1);
    }

    #[test]
    fn a_config_that_fits_is_left_alone() {
        let mut config = Config::development("127.0.0.1:0".parse().unwrap(), String::new(), String::new()).unwrap();
        config.limits.connections = 1;
        fit_to_descriptors(&mut config);
        assert_eq!(config.limits.connections, 1);
        config.limits.connections = usize::MAX;
        fit_to_descriptors(&mut config);
        assert!(config.limits.connections < usize::MAX);
    }
}
