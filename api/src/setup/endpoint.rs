//! The webhook endpoint, found by its URL.

use std::collections::BTreeSet;

use super::Setup;
use crate::{
    stripe::{API_VERSION, Endpoint, Failure, Stripe},
    sync::EVENTS,
};

const SECRET: &str = "STRIPE_WEBHOOK_SECRET";

impl Setup<'_> {
    /// Ensures that an endpoint exists at the URL, enabled for exactly the events that the gateway reads.
    pub(super) async fn endpoint(&mut self, url: Option<&str>) -> Result<(), Failure> {
        if self.dry_run {
            self.say("events of the webhook endpoint:");
            for event in EVENTS {
                self.say(format_args!("  {event}"));
            }
        }
        let Some(url) = url else {
            self.say("webhook endpoint: skipped without --webhook-url");
            return Ok(());
        };
        let what = format!("webhook endpoint {url}");
        let known = self.stripe.endpoints().await?.into_iter().filter(|endpoint| endpoint.url == url);
        // Of several endpoints at one URL, an enabled one is used.
        let Some(known) = known.max_by_key(|endpoint| endpoint.enabled) else {
            let done = format!("created, with {} event types in API version {API_VERSION}", EVENTS.len());
            let create = async |stripe: &Stripe, key: &str| stripe.create_endpoint(key, url, EVENTS).await;
            let made = self.change(&what, &done, create).await?;
            self.variable(SECRET, made.and_then(|made| made.secret).as_deref());
            return Ok(());
        };
        match drift(&known) {
            None => self.say(format_args!("{what}: exists, {}", known.id)),
            Some(drift) => {
                let update = async |stripe: &Stripe, key: &str| stripe.update_endpoint(key, &known.id, EVENTS).await;
                self.change(&what, &format!("updated: {drift}"), update).await?;
            }
        }
        if known.api_version.as_deref() != Some(API_VERSION) {
            let version = known.api_version.as_deref().unwrap_or("the account's own");
            self.say(format_args!(
                "{what}: its API version is {version} and cannot be changed. The gateway reads all versions; to use {API_VERSION}, \
                 delete the endpoint at Stripe and run this command again, which creates a new secret"
            ));
        }
        self.variables.push(format!(
            "# {SECRET} was shown when the endpoint was created; Stripe's dashboard reveals it under Webhooks, {}",
            known.id
        ));
        Ok(())
    }
}

/// Describes how an endpoint differs from the wanted one.
fn drift(endpoint: &Endpoint) -> Option<String> {
    let (wanted, has): (BTreeSet<_>, BTreeSet<_>) =
        (EVENTS.iter().copied().collect(), endpoint.events.iter().map(String::as_str).collect());
    let named = |what: &str, types: Vec<&str>| (!types.is_empty()).then(|| format!("{what} {}", types.join(", ")));
    let drifts = [
        (!endpoint.enabled).then(|| "it was disabled".to_owned()),
        named("it was not sent", wanted.difference(&has).copied().collect()),
        named("it was sent", has.difference(&wanted).copied().collect()),
    ];
    let drifts: Vec<_> = drifts.into_iter().flatten().collect();
    (!drifts.is_empty()).then(|| drifts.join("; "))
}
