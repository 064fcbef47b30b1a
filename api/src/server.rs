//! The gateway as a whole: its start from settings, and its stop.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use sea_orm::DbBackend;
use secrecy::ExposeSecret;
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    accounts::{self, Session},
    app::{App, Parts, Payments},
    auth::{PasswordCost, Tokens},
    clock::Clock,
    config::{self, Config, Demo},
    database::{self, Access, Database, OpenError},
    events::Sender,
    feed::Feed,
    graphql,
    http::{self, Pages},
    jobs,
    ledger::Charges,
    mail::Mailer,
    standing::Standings,
    stripe::{self, SessionOptions, Stripe},
    telemetry,
    throttle::Throttle,
    work::Signal,
};

pub use crate::http::Site;

/// Maximum number of webhooks whose response waits for a look. Looks of other webhooks are left to the queue, so that a wave
/// of events delays no response.
const INLINE_LOOKS: usize = 8;

/// Number of connections that wait to be accepted, as tokio has it.
const BACKLOG: u32 = 1024;

/// Time limit for closing the database's connections.
const CLOSING: Duration = Duration::from_secs(5);

/// Options of a start.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Applies pending migrations. Without it, pending ones refuse the start.
    pub migrate: bool,
    /// Creates this user and signs GraphiQL in as it.
    pub demo: Option<Demo>,
    /// The pages to serve.
    pub site: Site,
}

/// A gateway that serves. It ends with [`Running::stop`]; dropped, it ends without waiting for anything.
pub struct Running {
    address: SocketAddr,
    app: App,
    demo: Option<Session>,
    serving: JoinHandle<()>,
    stop: DropGuard,
}

/// The reason for which a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is invalid. The message says what to set.
    #[error("{0}")]
    Settings(String),
    /// The address is in use.
    #[error("{address} is taken: stop what listens there, or set {variable} to another address")]
    Taken {
        /// The address.
        address: SocketAddr,
        /// The variable of the address.
        variable: &'static str,
    },
    /// Listening on the address failed.
    #[error("cannot listen on {address}, the address in {variable}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The variable of the address.
        variable: &'static str,
        /// The operating system's reason.
        error: io::Error,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The migrations failed.
    #[error("cannot migrate the database: {0}")]
    Migrate(migration::Error),
    /// Migrations are pending.
    #[error("{0} migration(s) are pending: run patch-hive migrate up")]
    Pending(usize),
    /// The users of `patch-hive dev` cannot be created.
    #[error("cannot create the demo users: {0}")]
    Demo(crate::error::Error),
}

/// Starts a gateway without pages: listens, applies migrations, and serves until it is stopped.
///
/// # Errors
/// [`Error`]; nothing runs then.
pub async fn start(config: Config, clock: Clock) -> Result<Running, Error> {
    // Boxed: callers would carry the whole start in their futures.
    Box::pin(start_with(config, clock, Options { migrate: true, demo: None, site: Site::default() })).await
}

/// Starts a gateway with options.
///
/// # Errors
/// [`Error`]; nothing runs then.
pub async fn start_with(mut config: Config, clock: Clock, options: Options) -> Result<Running, Error> {
    http::fit_to_descriptors(&mut config);
    let (listener, address) = listen(config.bind, "BIND").await?;
    let metrics = match config.metrics_bind.filter(|address| *address != config.bind) {
        Some(address) => Some(listen(address, "METRICS_BIND").await?.0),
        None => None,
    };
    let documents = graphql::Documents::open(&config).await.map_err(Error::Settings)?;
    let app = build(config, clock, options.migrate).await?;
    let demo = match options.demo {
        Some(demo) => Some(sign_up_demo(&app, demo).await.map_err(Error::Demo)?),
        None => None,
    };
    let stop = CancellationToken::new();
    jobs::start(&app.background(), &stop);
    tokio::spawn(stop.clone().run_until_cancelled_owned(telemetry::upkeep()));
    if let Some(metrics) = metrics {
        tokio::spawn(http::serve(metrics, http::metrics(), app.clone(), stop.clone()));
    }
    let token = demo.as_ref().map(|session| session.token.clone());
    let pages = Pages { graphiql: app.config.graphiql, token, site: options.site };
    let router = http::router(app.clone(), graphql::Executor::new(&app, documents), pages, stop.clone());
    let serving = tokio::spawn(http::serve(listener, router, app.clone(), stop.clone()));
    tracing::info!(%address, payments = app.payments.is_some(), "listening");
    Ok(Running { address, app, demo, serving, stop: stop.drop_guard() })
}

/// Opens a database whose migrations are applied, for reading.
///
/// # Errors
/// [`Error::Open`], and [`Error::Pending`] when migrations are pending.
pub async fn look(settings: &database::Settings) -> Result<Database, Error> {
    let database = Database::connect(settings, Access::Look).await?;
    check(&database).await?;
    Ok(database)
}

/// Creates the users of `patch-hive dev` if necessary, and logs the demo user in.
async fn sign_up_demo(app: &App, demo: Demo) -> Result<Session, crate::error::Error> {
    let session = accounts::demo(app, demo).await?;
    accounts::operator(app, demo).await?;
    Ok(session)
}

async fn own(settings: &database::Settings, migrate: bool) -> Result<Database, Error> {
    let database = Database::connect(settings, Access::Own).await?;
    if migrate {
        migration::up(database.write()).await.map_err(Error::Migrate)?;
    } else {
        check(&database).await?;
    }
    Ok(database)
}

async fn check(database: &Database) -> Result<(), Error> {
    match migration::pending(database.read()).await.map_err(OpenError::Database)? {
        0 => Ok(()),
        pending => Err(Error::Pending(pending)),
    }
}

impl Running {
    /// The address on which the gateway listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The gateway itself.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// The demo user's session.
    #[must_use]
    pub const fn demo(&self) -> Option<&Session> {
        self.demo.as_ref()
    }

    /// Stops in order: no new request is taken, open ones are answered and sockets closed, each within the time that is
    /// configured; then the database is closed.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server ended early");
        }
        close(&self.app).await;
    }
}

/// Listens on the address in a variable. Returns the address with its port, too.
async fn listen(address: SocketAddr, variable: &'static str) -> Result<(TcpListener, SocketAddr), Error> {
    let listening = async {
        let listener = bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listening.await.map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => Error::Taken { address, variable },
        _ => Error::Listen { address, variable, error },
    })
}

/// Listens on an address. `[::]` stands for the addresses of IPv4 as well, and for those alone on a machine without IPv6.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    if address.ip() != Ipv6Addr::UNSPECIFIED {
        return TcpListener::bind(address).await;
    }
    let Ok(socket) = TcpSocket::new_v6() else {
        return TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await;
    };
    // Some systems would listen for IPv6 only.
    SockRef::from(&socket).set_only_v6(false)?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Opens a gateway without a server and jobs, for a command that works on its rows.
///
/// # Errors
/// [`Error`]; [`Error::Pending`] when migrations are pending.
pub async fn open(config: Config, clock: Clock) -> Result<App, Error> {
    build(config, clock, false).await
}

/// Closes the database once all tasks have ended.
pub async fn close(app: &App) {
    app.tasks.close();
    if timeout(app.config.limits.drain, app.tasks.wait()).await.is_err() {
        tracing::warn!("stopped before all work was done; the next start continues it");
    }
    match timeout(CLOSING, app.database.close()).await {
        Ok(Ok(())) => tracing::info!("stopped"),
        Ok(Err(error)) => tracing::warn!(%error, "the database was not closed in order"),
        Err(_) => tracing::warn!("the database took too long to close"),
    }
}

async fn build(config: Config, clock: Clock, migrate: bool) -> Result<App, Error> {
    let tokens = Tokens::new(&config.tokens).map_err(Error::Settings)?;
    let payments = config.stripe.as_ref().map(|stripe| payments(stripe, &config.legal)).transpose()?;
    let database = own(&config.database, migrate).await?;
    let feed = if database.backend() == DbBackend::Postgres { Feed::to_replicas() } else { Feed::default() };
    let announcer = feed.clone();
    // Half of the users' connections may wait for accounts that others keep locked.
    let waiters = config.database.max_connections as usize / 2;
    let charges = Charges::start(&database, waiters, move |changes| announcer.publish_changes(changes));
    let parts = Parts {
        charges,
        standings: Standings::start(&database),
        clock,
        tokens,
        password_cost: PasswordCost::new(config.password_cost),
        payments,
        identities: Arc::default(),
        mailer: Mailer::new(&config.mail).map_err(Error::Settings)?,
        feed,
        sender: Sender::new(config.event_targets_special),
        tasks: TaskTracker::new(),
        work: Signal::default(),
        inline_looks: Semaphore::new(INLINE_LOOKS),
        throttle: Throttle::new(config.limits.rates),
        config,
    };
    Ok(App::new(database, parts))
}

/// A client of Stripe; nothing is called yet.
///
/// # Errors
/// [`Error::Settings`].
pub fn stripe(calls: &config::Calls) -> Result<Stripe, Error> {
    let settings = stripe::Settings {
        secret_key: calls.secret_key.expose_secret().to_owned(),
        api_base: calls.api_base.clone(),
        timeout: calls.timeout,
        attempts: calls.attempts,
        calls_per_second: calls.per_second,
    };
    Stripe::new(&settings)
        .map_err(|failure| Error::Settings(format!("check STRIPE_SECRET_KEY and STRIPE_API_BASE: {failure}")))
}

fn payments(config: &config::Stripe, legal: &config::Legal) -> Result<Payments, Error> {
    Ok(Payments {
        stripe: stripe(&config.calls)?,
        prices: config.prices.clone(),
        webhook_secrets: config.webhook_secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect(),
        publishable_key: config.publishable_key.clone(),
        session_options: SessionOptions {
            tax: config.checkout.tax,
            promotion_codes: config.checkout.promotion_codes,
            terms_url: legal.terms_url.clone(),
            privacy_url: legal.privacy_url.clone(),
        },
        tax: Arc::default(),
    })
}
