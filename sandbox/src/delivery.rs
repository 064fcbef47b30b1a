//! Delivers events to webhook endpoints, one at a time to each, signed anew at every attempt.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use reqwest::{Client, redirect};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    clock,
    endpoint::{self, Endpoint},
    event,
    kind::Kind,
    mishap::Mishap,
    outbox::{Delivery, Logged, Next},
    rendition, signature,
    state::State,
    store::Store,
    work::{Cause, text},
};

/// How long an endpoint may take to answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Stands in for secrets that the endpoint does not know.
const FOREIGN_SECRET: &str = "whsec_sandbox_of_somebody_else";

/// Whoever carries events to endpoints.
pub(crate) struct Courier {
    store: Arc<Store>,
    client: Client,
}

impl Courier {
    /// # Errors
    /// When the HTTP client cannot be made.
    pub(crate) fn new(store: Arc<Store>) -> reqwest::Result<Courier> {
        // Endpoints are on this machine or named by the user: a proxy from the environment must not see them.
        let client = Client::builder().no_proxy().timeout(TIMEOUT).redirect(redirect::Policy::none()).build()?;
        Ok(Courier { store, client })
    }

    /// Serves every endpoint that there is or will be, for ever.
    pub(crate) async fn serve_all(self: Arc<Self>) {
        let mut changes = self.store.changes();
        let (mut served, mut tasks) = (BTreeSet::new(), JoinSet::new());
        loop {
            changes.borrow_and_update();
            for key in self.store.read(State::endpoint_keys) {
                if served.insert(key.clone()) {
                    tasks.spawn(Arc::clone(&self).serve(key));
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Serves the endpoint for ever.
    async fn serve(self: Arc<Self>, key: String) {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            let (endpoint, next) = self.store.read(|state| {
                let endpoint = endpoint::all(state).into_iter().find(|endpoint| endpoint.key == key);
                (endpoint, state.outbox.next(&key, clock::wall_millis()))
            });
            match (endpoint, next) {
                (Some(endpoint), Next::Send(number, delivery)) => self.deliver(&endpoint, number, &delivery).await,
                (Some(_), Next::WaitMs(millis)) => {
                    let pause = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
                    // Out of time or out of quiet: look again either way.
                    drop(tokio::time::timeout(pause, changes.changed()).await);
                }
                _ => drop(changes.changed().await),
            }
        }
    }

    async fn deliver(&self, endpoint: &Endpoint, number: u64, delivery: &Delivery) {
        let rendered = self.store.read(|state| {
            let event = state.find(Kind::Event, &delivery.event)?;
            Some(rendition::render(state, event, &endpoint.api_version))
        });
        let outcome = match &rendered {
            Some(event) => self.attempt(event, endpoint, delivery.mishap).await,
            None => Ok("unknown event".to_owned()),
        };
        self.store.work(Cause::default(), |work| {
            if outcome.is_ok() {
                work.state.outbox.delivered(number);
            } else {
                work.state.outbox.failed(number, clock::wall_millis());
            }
            if outcome.is_ok() && !delivery.is_extra {
                event::delivered(work, &delivery.event);
            }
            let (Ok(outcome) | Err(outcome)) = outcome;
            work.state.outbox.log(Logged {
                event: delivery.event.clone(),
                url: endpoint.url.clone(),
                at_ms: clock::wall_millis(),
                outcome,
            });
        });
    }

    /// What came of it, for a log: `Ok` when the endpoint took the event.
    async fn attempt(&self, event: &Value, endpoint: &Endpoint, mishap: Option<Mishap>) -> Result<String, String> {
        let body = body(event, mishap);
        let request = self
            .client
            .post(&endpoint.url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("Stripe-Signature", signed(&endpoint.secret, &body, mishap))
            .body(match mishap {
                Some(Mishap::Truncated) => body[..body.len() / 2].to_vec(),
                _ => body,
            });
        let (id, kind, url) = (text(event, "id"), text(event, "type"), &endpoint.url);
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                tracing::debug!(%id, %kind, url, "webhook delivered");
                Ok(response.status().as_u16().to_string())
            }
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::info!(%id, %kind, url, status, "webhook refused");
                Err(status.to_string())
            }
            Err(error) => {
                tracing::info!(%id, %kind, url, %error, "webhook not delivered");
                Err(if error.is_timeout() { "no answer in time" } else { "no connection" }.to_owned())
            }
        }
    }
}

fn body(event: &Value, mishap: Option<Mishap>) -> Vec<u8> {
    let mut event = event.clone();
    if mishap == Some(Mishap::OtherLivemode) {
        event["livemode"] = true.into();
    }
    serde_json::to_vec_pretty(&event).unwrap_or_default()
}

/// The signature header, spoilt as ordered.
fn signed(secret: &str, body: &[u8], mishap: Option<Mishap>) -> String {
    let now = clock::wall_seconds();
    match mishap {
        Some(Mishap::OldTimestamp { seconds }) => signature::header(&[secret], now - i64::from(seconds), body),
        Some(Mishap::RotatedSecret) => signature::header(&[FOREIGN_SECRET, secret], now, body),
        Some(Mishap::WrongSecret) => signature::header(&[FOREIGN_SECRET], now, body),
        _ => signature::header(&[secret], now, body),
    }
}
