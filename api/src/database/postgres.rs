//! Connections to PostgreSQL: their options, what is set on each session, and the pools.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row,
        pool::PoolConnectionMetadata,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    OpenError, Settings,
    failover::{self, Failover},
};

/// Time limit for a transaction that waits for its next statement. The row locks of a replica that froze or lost its network
/// end with its transaction, so no other transaction waits longer for them.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);

/// Time limit after which the server closes a connection whose client does not acknowledge data.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// A pooled connection that was idle for so long is pinged before use. Busy ones are not: a ping is a round trip.
const PING_AFTER: Duration = Duration::from_secs(1);

/// The pause between two attempts to connect to a server that is starting.
const PAUSE: Duration = Duration::from_millis(100);

/// Number of comparisons of two connections until a pooler that lets them share one session is detected.
const COMPARISONS: usize = 3;

/// A PostgreSQL server, and how its sessions are set up.
#[derive(Clone)]
pub(super) struct Server {
    options: PgConnectOptions,
    /// The `SET` statements of each session. Start-up options would do the same, but poolers refuse them.
    session: Arc<str>,
    acquire_timeout: Duration,
    statement_timeout: Duration,
    failover: Arc<Failover>,
}

/// The options may hold a password, and are left out.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn new(settings: &Settings, failover: Arc<Failover>) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(&settings.url)?
            .application_name("patch-hive")
            // A start-up option that poolers refuse, and that only concerns floats, of which there are none.
            .extra_float_digits(None)
            .disable_statement_logging();
        Ok(Self {
            options,
            session: session(settings).into(),
            acquire_timeout: settings.acquire_timeout,
            statement_timeout: settings.statement_timeout,
            failover,
        })
    }

    /// Time limit for opening a connection.
    pub(super) const fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }

    /// Time limit for the statements of one batch.
    pub(super) const fn patience(&self) -> Duration {
        self.statement_timeout
    }

    /// A connection outside the pools, for statements that look rows up by their keys.
    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        set_up(&mut connection, &self.session).await?;
        // PostgreSQL would plan the long statements for each batch again, which takes longer than running them. A plan that
        // was made while a table was empty would continue to scan it once it has grown.
        connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off").await?;
        Ok(connection)
    }

    /// Waits until the server takes connections, for as long as a connection may take, and checks that each connection
    /// has a session of its own.
    ///
    /// # Errors
    /// [`OpenError::Unreachable`], [`OpenError::SharedSessions`], or the reason why the server refuses us.
    pub(super) async fn check(&self) -> Result<(), OpenError> {
        let mut one = self.first_connection().await?;
        // A pooler without a session to spare keeps the second connection waiting. That is its operator's choice.
        if let Ok(other) = timeout(self.acquire_timeout, self.options.connect()).await {
            let mut other = other?;
            if share_a_session(&mut one, &mut other).await? {
                return Err(OpenError::SharedSessions);
            }
            other.close().await?;
        }
        Ok(one.close().await?)
    }

    async fn first_connection(&self) -> Result<PgConnection, OpenError> {
        let deadline = Instant::now() + self.acquire_timeout;
        loop {
            let error = match timeout_at(deadline, self.options.connect()).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => error,
                Err(_) => return Err(self.unreachable("it does not answer")),
            };
            match error {
                error if is_starting(&error) && Instant::now() + PAUSE < deadline => sleep(PAUSE).await,
                sqlx::Error::Io(error) => return Err(self.unreachable(&error.to_string())),
                error => return Err(error.into()),
            }
        }
    }

    fn unreachable(&self, reason: &str) -> OpenError {
        let address = match self.options.get_socket() {
            Some(path) => path.display().to_string(),
            None => format!("{}:{}", self.options.get_host(), self.options.get_port()),
        };
        OpenError::Unreachable { address, reason: reason.to_owned() }
    }

    /// A pool of at most this many connections.
    pub(super) async fn pool(&self, max_connections: u32) -> Result<DatabaseConnection, OpenError> {
        let (session, failover) = (self.session.clone(), self.failover.clone());
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(self.acquire_timeout)
            .test_before_acquire(false)
            // sqlx's task that closes old connections can count the idle ones below zero and then occupy a thread for ever.
            // Connections that were idle are pinged before use instead.
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move { set_up(connection, &session).await })
            })
            .before_acquire(move |connection, metadata| {
                let failover = failover.clone();
                Box::pin(async move { is_usable(connection, &metadata, &failover).await })
            })
            .connect_with(self.options.clone())
            .await?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }
}

fn session(settings: &Settings) -> String {
    let milliseconds = |time: Duration| time.as_millis();
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
         SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; \
         SET tcp_user_timeout = {}",
        milliseconds(settings.statement_timeout),
        milliseconds(settings.lock_timeout),
        milliseconds(IDLE_IN_TRANSACTION),
        milliseconds(UNACKNOWLEDGED),
    )
}

async fn set_up(connection: &mut PgConnection, session: &str) -> Result<(), sqlx::Error> {
    connection.execute(AssertSqlSafe(session.to_owned())).await?;
    Ok(())
}

async fn is_usable(
    connection: &mut PgConnection,
    metadata: &PoolConnectionMetadata,
    failover: &Failover,
) -> Result<bool, sqlx::Error> {
    if metadata.age >= failover::MIN_AGE && failover.is_suspected() {
        return failover::is_writable(connection).await;
    }
    if metadata.idle_for >= PING_AFTER {
        connection.ping().await?;
    }
    Ok(true)
}

/// Returns `true` if nothing listens at the address yet, or the server is not ready for clients yet.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// Detects a pooler in transaction mode, which runs the transactions of two open connections on one server process. The
/// settings, prepared statements and LISTEN of a session would then be shared by all clients.
async fn share_a_session(one: &mut PgConnection, other: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let first = process_id(one).await?;
    for _ in 0..COMPARISONS {
        if process_id(other).await? == first || process_id(one).await? != first {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn process_id(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    connection.fetch_one("SELECT pg_backend_pid()").await?.try_get(0)
}
