//! Webhook endpoints: where Stripe sends its events.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Failure, Stripe, known_id, object};

/// The API version that the gateway's calls are made in, and that an endpoint of its own has its events rendered in.
pub const API_VERSION: &str = "2026-09-30.endive";

/// A webhook endpoint. Stripe documentation: "The Webhook Endpoint object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    /// The id, `we_...`.
    pub id: String,
    /// The URL that events are sent to.
    pub url: String,
    /// True while events are sent.
    #[serde(rename = "status", default, deserialize_with = "is_enabled")]
    pub enabled: bool,
    /// The types of events that are sent.
    #[serde(rename = "enabled_events")]
    pub events: Vec<String>,
    /// The API version in which events are rendered; the account's own where it is `None`. It never changes.
    pub api_version: Option<String>,
    /// The secret that signs events. Stripe shows it once, when the endpoint is created.
    pub secret: Option<String>,
}

impl Stripe {
    /// All endpoints of the account.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, Failure> {
        let all = self.list_all("list webhook endpoints", "/webhook_endpoints", &json!({})).await?;
        all.iter().map(read).collect()
    }

    /// Creates an endpoint for events of these types, in [`API_VERSION`].
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
        read(&self.post("create webhook endpoint", "/webhook_endpoints", key, &form).await?)
    }

    /// Enables an endpoint, for events of just these types.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn update_endpoint(&self, key: &str, id: &str, events: &[&str]) -> Result<Endpoint, Failure> {
        let form = json!({ "enabled_events": events, "disabled": false });
        let path = format!("/webhook_endpoints/{}", known_id(id)?);
        read(&self.post("update webhook endpoint", &path, key, &form).await?)
    }
}

fn read(value: &Value) -> Result<Endpoint, Failure> {
    Ok(object::read("webhook endpoint", value)?)
}

/// Deserializes a status as true while events are sent.
fn is_enabled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.as_deref() == Some("enabled"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_the_library_is_made_for() {
        assert_eq!(API_VERSION, stripe_shared::version::VERSION.as_str());
    }
}
