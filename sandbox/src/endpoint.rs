//! Webhook endpoints: those that the sandbox was started with, and those made by the API
//! (`docs.stripe.com/api/webhook_endpoints`).

use serde_json::{Value, json};
use url::Url;

use crate::{
    call::{Answer, Call},
    event::{self, API_VERSION},
    form::Params,
    kind::Kind,
    metadata,
    mishap::Mishaps,
    problem::Problem,
    rendition,
    state::State,
    work::text,
};

/// What the sandbox was started with; it is not part of the state file.
#[derive(Debug, Default)]
pub(crate) struct Configured {
    pub(crate) addresses: Vec<String>,
    pub(crate) secret: String,
    pub(crate) mishaps: Mishaps,
}

/// Where events are delivered, and how.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The place in the list of configured addresses, so that what waits follows to a new address; or an id.
    pub(crate) key: String,
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) api_version: String,
    types: Vec<String>,
}

impl Endpoint {
    /// Whether it is sent events of this type.
    pub(crate) fn takes(&self, kind: &str) -> bool {
        rendition::knows(&self.api_version, kind) && self.types.iter().any(|wanted| event::matches(wanted, kind))
    }
}

/// All endpoints that are enabled.
pub(crate) fn all(state: &State) -> Vec<Endpoint> {
    let configured = state.configured.addresses.iter().enumerate().map(|(place, url)| Endpoint {
        key: place.to_string(),
        url: url.clone(),
        secret: state.configured.secret.clone(),
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

fn texts(array: &Value) -> Vec<String> {
    let texts = array.as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `POST /v1/webhook_endpoints`: the only answer that shows the secret.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let url = url(params)?.ok_or_else(|| Problem::missing_parameter("url"))?;
    let events = params.texts("enabled_events")?;
    if events.is_empty() {
        return Err(Problem::missing_parameter("enabled_events"));
    }
    let api_version = params.text("api_version")?;
    if api_version.as_deref().is_some_and(|version| !rendition::is_version(version)) {
        let message = "Invalid API version: a version is a date such as `2026-09-30.endive`.";
        return Err(Problem::invalid_parameter("api_version", message));
    }
    let description = params.text("description")?;
    let metadata = metadata::of_new(params)?;
    params.ignore(&["connect"]);
    params.finish()?;
    let work = &mut call.work;
    let mut endpoint = json!({
        "id": work.new_id(Kind::WebhookEndpoint),
        "object": "webhook_endpoint",
        "api_version": api_version,
        "application": null,
        "created": work.now,
        "description": description,
        "enabled_events": events,
        "livemode": false,
        "metadata": metadata,
        "status": "enabled",
        "url": url,
    });
    let id = work.put(Kind::WebhookEndpoint, endpoint.clone());
    let secret = work.random("whsec_", 32);
    work.state.endpoint_secrets.insert(id, secret.clone());
    endpoint["secret"] = secret.into();
    Ok(endpoint)
}

fn url(params: &mut Params) -> Result<Option<String>, Problem> {
    let url = params.text("url")?;
    let is_web = |url: &String| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if url.as_ref().is_some_and(|url| !is_web(url)) {
        return Err(Problem::invalid_parameter_with_code(
            "url",
            "url_invalid",
            "Invalid URL: URLs begin with http:// or https://.",
        ));
    }
    Ok(url)
}

/// `POST /v1/webhook_endpoints/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = existing(call)?;
    let params = &mut call.params;
    let url = url(params)?;
    let events = params.texts("enabled_events")?;
    let disabled = params.boolean("disabled")?;
    let description = params.unsettable("description")?;
    let metadata = metadata::read(params)?;
    params.finish()?;
    let (_, endpoint) = call.work.change(Kind::WebhookEndpoint, &id, |endpoint| {
        if let Some(url) = url {
            endpoint["url"] = url.into();
        }
        if !events.is_empty() {
            endpoint["enabled_events"] = events.into();
        }
        if let Some(disabled) = disabled {
            endpoint["status"] = if disabled { "disabled" } else { "enabled" }.into();
        }
        if let Some(description) = description {
            endpoint["description"] = description.into();
        }
        metadata::apply_to(endpoint, metadata);
    });
    Ok(endpoint)
}

/// `GET /v1/webhook_endpoints/{id}`.
pub(crate) fn retrieve(call: &mut Call<'_>) -> Answer {
    let id = existing(call)?;
    call.params.finish()?;
    Ok(call.work.get(Kind::WebhookEndpoint, &id))
}

/// `DELETE /v1/webhook_endpoints/{id}`: what waits for it is dropped.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let id = existing(call)?;
    call.params.finish()?;
    call.work.change(Kind::WebhookEndpoint, &id, |endpoint| endpoint["deleted"] = true.into());
    call.work.state.outbox.forget(&id);
    Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}

fn existing(call: &Call<'_>) -> Result<String, Problem> {
    let id = call.id();
    let endpoint = call.work.state.named(Kind::WebhookEndpoint, &id)?;
    if endpoint["deleted"] == true {
        return Err(Problem::no_such(Kind::WebhookEndpoint, &id));
    }
    Ok(id)
}
