//! Webhook endpoints: where Stripe sends its events.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Failure, Stripe, known_id,
    object::{self, required},
};

/// The API version that the gateway's calls are made in, and that an endpoint of its own has its events rendered in.
pub const API_VERSION: &str = "2026-09-30.endive";

/// A webhook endpoint. Stripe documentation: "The Webhook Endpoint object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The id, `we_...`.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// True while they are sent.
    pub enabled: bool,
    /// The types of events that are sent.
    pub events: Vec<String>,
    /// The API version in which they are rendered; the account's own where it is `None`. It never changes.
    pub api_version: Option<String>,
    /// The secret that signs them. Stripe shows it once, when the endpoint is created.
    pub secret: Option<String>,
}

impl Stripe {
    /// All endpoints of the account.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, Failure> {
        let all = self.list_all(("list webhook endpoints", "/webhook_endpoints"), &json!({})).await?;
        all.iter().map(read).collect()
    }

    /// Makes an endpoint for events of these types, in [`API_VERSION`].
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_endpoint(&self, key: &str, url: &str, events: &[&str]) -> Result<Endpoint, Failure> {
        let form = json!({
            "url": url,
            "enabled_events": events,
            "api_version": API_VERSION,
            "description": "Patch-Hive Gateway",
        });
        read(&self.post(("create webhook endpoint", "/webhook_endpoints"), key, &form).await?)
    }

    /// Enables an endpoint, for events of just these types.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn update_endpoint(&self, key: &str, id: &str, events: &[&str]) -> Result<Endpoint, Failure> {
        let form = json!({ "enabled_events": events, "disabled": false });
        let path = format!("/webhook_endpoints/{}", known_id(id)?);
        read(&self.post(("update webhook endpoint", &path), key, &form).await?)
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    url: Option<String>,
    status: Option<String>,
    enabled_events: Option<Vec<String>>,
    api_version: Option<String>,
    secret: Option<String>,
}

fn read(value: &Value) -> Result<Endpoint, Failure> {
    let wire = object::read::<Wire>("webhook endpoint", value)?;
    Ok(Endpoint {
        id: required("webhook endpoint.id", wire.id)?,
        url: required("webhook endpoint.url", wire.url)?,
        enabled: wire.status.as_deref() == Some("enabled"),
        events: required("webhook endpoint.enabled_events", wire.enabled_events)?,
        api_version: wire.api_version,
        secret: wire.secret,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_the_library_is_made_for() {
        assert_eq!(API_VERSION, stripe_shared::version::VERSION.as_str());
    }
}
