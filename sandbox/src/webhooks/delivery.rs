//! Delivers events to webhook endpoints, one at a time to each, with a new signature for each attempt.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use reqwest::{Client, redirect};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    resources::{
        api_version,
        endpoint::{self, Endpoint},
        event,
    },
    store::{
        Store, clock,
        delivery_fault::DeliveryEffect,
        kind::Kind,
        outbox::{Delivery, DeliveryAttempt, Next},
        work::{Cause, text},
    },
    webhooks::signature,
};

/// The time within which an endpoint has to respond.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A secret that no endpoint has.
const FOREIGN_SECRET: &str = "whsec_sandbox_of_somebody_else";

/// Delivers events to endpoints.
pub(crate) struct Deliverer {
    store: Arc<Store>,
    client: Client,
}

impl Deliverer {
    /// # Errors
    /// When the HTTP client cannot be created.
    pub(crate) fn new(store: Arc<Store>) -> reqwest::Result<Deliverer> {
        // Endpoints are on this machine or named by the user: a proxy from the environment must not receive them.
        let client = Client::builder().no_proxy().timeout(TIMEOUT).redirect(redirect::Policy::none()).build()?;
        Ok(Deliverer { store, client })
    }

    /// Delivers to all current and future endpoints, until the sandbox stops.
    pub(crate) async fn serve_all(self: Arc<Self>) {
        let mut changes = self.store.changes();
        let (mut served, mut tasks) = (BTreeSet::new(), JoinSet::new());
        loop {
            changes.borrow_and_update();
            for key in self.store.view(endpoint::keys) {
                if served.insert(key.clone()) {
                    tasks.spawn(Arc::clone(&self).serve(key));
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Delivers to one endpoint, until the sandbox stops.
    async fn serve(self: Arc<Self>, key: String) {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            let (endpoint, next) = self.store.view(|state| {
                let endpoint = endpoint::all(state).into_iter().find(|endpoint| endpoint.key == key);
                (endpoint, state.outbox.next(&key, clock::wall_millis()))
            });
            match (endpoint, next) {
                (Some(endpoint), Next::Send(number, delivery)) => self.deliver(&endpoint, number, &delivery).await,
                (Some(_), Next::WaitMs(millis)) => {
                    let pause = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
                    // Either the pause is over or something changed: look again.
                    drop(tokio::time::timeout(pause, changes.changed()).await);
                }
                _ => drop(changes.changed().await),
            }
        }
    }

    async fn deliver(&self, endpoint: &Endpoint, number: u64, delivery: &Delivery) {
        let rendered = self.store.view(|state| {
            let event = state.find(Kind::Event, &delivery.event)?;
            Some(api_version::render(state, event, &endpoint.api_version))
        });
        let outcome = match &rendered {
            Some(event) => self.attempt(event, endpoint, delivery.effect).await,
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
            work.state.outbox.log(DeliveryAttempt {
                event: delivery.event.clone(),
                url: endpoint.url.clone(),
                at_ms: clock::wall_millis(),
                outcome,
            });
        });
    }

    /// Sends an event, and returns the outcome for the log: `Ok` if the endpoint accepted the event.
    async fn attempt(
        &self,
        event: &Value,
        endpoint: &Endpoint,
        effect: Option<DeliveryEffect>,
    ) -> Result<String, String> {
        let body = body(event, effect);
        let request = self
            .client
            .post(&endpoint.url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("Stripe-Signature", signed(&endpoint.secret, &body, effect))
            .body(match effect {
                Some(DeliveryEffect::Truncated) => body[..body.len() / 2].to_vec(),
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
                Err(if error.is_timeout() { "no response in time" } else { "no connection" }.to_owned())
            }
        }
    }
}

fn body(event: &Value, effect: Option<DeliveryEffect>) -> Vec<u8> {
    let mut event = event.clone();
    if effect == Some(DeliveryEffect::OtherLivemode) {
        event["livemode"] = true.into();
    }
    serde_json::to_vec_pretty(&event).unwrap_or_default()
}

/// Returns the signature header, with the effect of a fault.
fn signed(secret: &str, body: &[u8], effect: Option<DeliveryEffect>) -> String {
    let now = clock::wall_seconds();
    match effect {
        Some(DeliveryEffect::OldTimestamp { seconds }) => signature::header(&[secret], now - i64::from(seconds), body),
        Some(DeliveryEffect::RotatedSecret) => signature::header(&[FOREIGN_SECRET, secret], now, body),
        Some(DeliveryEffect::WrongSecret) => signature::header(&[FOREIGN_SECRET], now, body),
        _ => signature::header(&[secret], now, body),
    }
}
