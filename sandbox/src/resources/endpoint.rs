//! Webhook endpoints, configured at startup or created through the API.

use serde_json::Value;

use crate::{
    resources::api_version::{self, API_VERSION},
    store::{event_type, kind::Kind, state::State, work::text},
};

/// An address that events are delivered to.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The index in the list of configured addresses, so that pending deliveries go to the new address if it is
    /// changed; or the id of the endpoint.
    pub(crate) key: String,
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) api_version: String,
    types: Vec<String>,
}

impl Endpoint {
    /// Returns `true` if the endpoint receives events of this type.
    pub(crate) fn takes(&self, kind: &str) -> bool {
        api_version::has_event(&self.api_version, kind)
            && self.types.iter().any(|wanted| event_type::matches(wanted, kind))
    }
}

/// Returns all endpoints that are enabled.
pub(crate) fn all(state: &State) -> Vec<Endpoint> {
    let configured = state.webhooks.addresses.iter().enumerate().map(|(place, url)| Endpoint {
        key: place.to_string(),
        url: url.clone(),
        secret: state.webhooks.secret.clone(),
        api_version: API_VERSION.to_owned(),
        types: vec!["*".to_owned()],
    });
    let enabled = |endpoint: &&Value| endpoint["status"] == "enabled" && endpoint["deleted"] != true;
    let made = state.all(Kind::WebhookEndpoint).filter(enabled).map(|endpoint| Endpoint {
        key: text(endpoint, "id"),
        url: text(endpoint, "url"),
        secret: state.endpoint_secrets.get(&text(endpoint, "id")).cloned().unwrap_or_default(),
        api_version: endpoint["api_version"].as_str().unwrap_or(API_VERSION).to_owned(),
        types: texts(&endpoint["enabled_events"]),
    });
    configured.chain(made).collect()
}

/// Returns the keys of all endpoints that are enabled.
pub(crate) fn keys(state: &State) -> Vec<String> {
    all(state).into_iter().map(|endpoint| endpoint.key).collect()
}

fn texts(array: &Value) -> Vec<String> {
    let texts = array.as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}
