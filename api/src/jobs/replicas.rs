//! Hints between replicas by PostgreSQL's NOTIFY: on connections of their own, and outside every transaction that posts.
//! (A NOTIFY inside one would make all commits of the whole server queue for a single lock.)
//!
//! A half-open connection looks like an idle one. So each replica sends heartbeats, which it receives itself too: a listener
//! that receives nothing for a while reconnects. It may have missed hints by then, so it checks all watched users once.
//!
//! A replica that receives nothing from others for a while sends no hints. One that starts sends a heartbeat, and a replica that
//! stopped sending answers with its own.

use std::{convert::Infallible, sync::Arc, time::Duration};

use sea_orm::{
    DbErr,
    sqlx::{
        self, ConnectOptions, PgConnection,
        postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    },
};
use tokio::{
    sync::Notify,
    time::{Instant, error::Elapsed, interval, sleep, timeout},
};

use super::backstop;
use crate::{
    app::App,
    clock,
    feed::{Notification, Outbox, Path},
};

/// The channel's name.
const CHANNEL: &str = "patch_hive_hints";

/// Time for which hints are collected before they are sent.
const GATHER: Duration = Duration::from_millis(20);

/// Interval of heartbeats.
const BEAT: Duration = Duration::from_secs(3);

/// Time limit for a silence, and for an attempt to connect.
const SILENCE: Duration = Duration::from_secs(10);

/// The pause before connecting again.
const PAUSE: Duration = Duration::from_millis(500);

/// The exchange with the other replicas.
pub(super) struct Exchange {
    app: App,
    outbox: Arc<Outbox>,
    /// Names the sender of a notification, so that a replica recognises its own.
    id: String,
    /// Asks for a heartbeat now.
    greeting: Notify,
}

impl Exchange {
    pub(super) fn new(app: App, outbox: Arc<Outbox>) -> Arc<Self> {
        Arc::new(Self { app, outbox, id: clock::random_id(), greeting: Notify::new() })
    }

    /// Sends the outbox to the other replicas, for ever.
    pub(super) async fn send(self: Arc<Self>) {
        loop {
            let Err(error) = self.send_while_connected().await;
            tracing::warn!(%error, "hints to other replicas are lost until the database is back");
            sleep(PAUSE).await;
        }
    }

    /// Listens to the other replicas, for ever.
    pub(super) async fn listen(self: Arc<Self>) {
        loop {
            let Err(error) = self.listen_while_connected().await;
            // Others may be there, and hear this replica.
            self.outbox.set_open(true);
            tracing::warn!(%error, "hints from other replicas are missed until the database is back");
            sleep(PAUSE).await;
        }
    }

    async fn send_while_connected(&self) -> Result<Infallible, Lost> {
        let mut connection = timeout(SILENCE, options(&self.app)?.connect()).await??;
        let mut beats = interval(BEAT);
        loop {
            tokio::select! {
                _ = beats.tick() => notify(&mut connection, &Notification::beat(&self.id)).await?,
                () = self.greeting.notified() => beats.reset_immediately(),
                () = self.outbox.filled() => {
                    sleep(GATHER).await;
                    for notification in Notification::pack(&self.id, &self.outbox.take()) {
                        notify(&mut connection, &notification).await?;
                    }
                }
            }
        }
    }

    async fn listen_while_connected(&self) -> Result<Infallible, Lost> {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(SILENCE);
        let pool = pool.connect_with(options(&self.app)?).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        tracing::info!("listening to other replicas");
        self.greeting.notify_one();
        // Nothing is missed from here on; earlier changes are looked up.
        backstop::look(&self.app).await?;
        let mut heard_at = Instant::now();
        loop {
            // Unlike `recv`, this reports a lost connection instead of hiding it.
            let notification = timeout(SILENCE, listener.try_recv()).await??.ok_or(Lost::Closed)?;
            let (sender, hints) = Notification::read(notification.payload());
            if sender == self.id {
                if heard_at.elapsed() > SILENCE {
                    self.outbox.set_open(false);
                }
                continue;
            }
            heard_at = Instant::now();
            if self.outbox.set_open(true) {
                self.greeting.notify_one();
            }
            for (user_id, hint) in hints {
                self.app.feed.deliver(user_id, hint, Path::Replica);
            }
        }
    }
}

/// A reason why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Driver(#[from] sqlx::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("nothing was received for too long")]
    Silence(#[from] Elapsed),
    #[error("the connection was closed")]
    Closed,
}

async fn notify(connection: &mut PgConnection, notification: &Notification) -> Result<(), Lost> {
    let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(notification.as_str()).execute(connection);
    timeout(SILENCE, notify).await??;
    Ok(())
}

fn options(app: &App) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = app.config.database.url.parse()?;
    Ok(options.application_name("patch-hive hints").extra_float_digits(None))
}
