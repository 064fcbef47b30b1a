//! Hints between replicas by PostgreSQL's NOTIFY: on connections of their own, and outside every transaction that posts.
//! (A NOTIFY inside one would make all commits of the whole server queue for a single lock.)
//!
//! A half-open connection looks like an idle one. So each replica sends a heartbeat, which it receives itself too: a listener
//! that receives nothing for a while reconnects. It may have missed hints by then, so it checks all watched users once.

use std::{convert::Infallible, sync::Arc, time::Duration};

use sea_orm::{
    DbErr,
    sqlx::{
        self, ConnectOptions, PgConnection,
        postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    },
};
use tokio::time::{error::Elapsed, sleep, timeout};

use super::backstop;
use crate::{
    app::App,
    feed::{Notification, Outbox, Path},
};

/// The channel's name.
const CHANNEL: &str = "patch_hive_hints";

/// Time for which hints are collected before they are sent.
const GATHER: Duration = Duration::from_millis(20);

/// Interval of heartbeats when there is nothing else to send.
const BEAT: Duration = Duration::from_secs(3);

/// Time limit for a silence, and for an attempt to connect.
const SILENCE: Duration = Duration::from_secs(10);

/// The pause before connecting again.
const PAUSE: Duration = Duration::from_millis(500);

/// Sends the outbox to the other replicas, for ever.
pub(super) async fn send(app: App, outbox: Arc<Outbox>) {
    loop {
        let Err(error) = send_while_connected(&app, &outbox).await;
        tracing::warn!(%error, "hints to other replicas are lost until the database is back");
        sleep(PAUSE).await;
    }
}

/// Listens to the other replicas, for ever.
pub(super) async fn listen(app: App) {
    loop {
        let Err(error) = listen_while_connected(&app).await;
        tracing::warn!(%error, "hints from other replicas are missed until the database is back");
        sleep(PAUSE).await;
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

async fn send_while_connected(app: &App, outbox: &Outbox) -> Result<Infallible, Lost> {
    let mut connection = timeout(SILENCE, options(app)?.connect()).await??;
    loop {
        if timeout(BEAT, outbox.filled()).await.is_err() {
            notify(&mut connection, &Notification::beat()).await?;
            continue;
        }
        sleep(GATHER).await;
        for notification in Notification::pack(&outbox.take()) {
            notify(&mut connection, &notification).await?;
        }
    }
}

async fn notify(connection: &mut PgConnection, notification: &Notification) -> Result<(), Lost> {
    let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(notification.as_str()).execute(connection);
    timeout(SILENCE, notify).await??;
    Ok(())
}

async fn listen_while_connected(app: &App) -> Result<Infallible, Lost> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(SILENCE);
    let pool = pool.connect_with(options(app)?).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    tracing::info!("listening to other replicas");
    // Nothing is missed from here on; earlier changes are looked up.
    backstop::look(app).await?;
    loop {
        // Unlike `recv`, this reports a lost connection instead of hiding it.
        let notification = timeout(SILENCE, listener.try_recv()).await??.ok_or(Lost::Closed)?;
        for (user_id, hint) in Notification::read(notification.payload()) {
            app.feed.deliver(user_id, hint, Path::Replica);
        }
    }
}

fn options(app: &App) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = app.config.database.url.parse()?;
    Ok(options.application_name("patch-hive hints").extra_float_digits(None))
}
