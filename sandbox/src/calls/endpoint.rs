//! Calls on webhook endpoints (`docs.stripe.com/api/webhook_endpoints`).

use serde_json::json;
use url::Url;

use crate::{
    api::{call::Call, form::Params, metadata},
    resources::api_version,
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::Change,
    },
};

/// `POST /v1/webhook_endpoints`: the only response that contains the secret.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let url = url(params)?.ok_or_else(|| Problem::missing_parameter("url"))?;
    let events = params.texts("enabled_events")?;
    if events.is_empty() {
        return Err(Problem::missing_parameter("enabled_events"));
    }
    let api_version = params.text("api_version")?;
    if api_version.as_deref().is_some_and(|version| !api_version::is_version(version)) {
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

pub(crate) fn url(params: &mut Params) -> Result<Option<String>, Problem> {
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
    let Change { after: endpoint, .. } = call.work.change(Kind::WebhookEndpoint, &id, |endpoint| {
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

/// `DELETE /v1/webhook_endpoints/{id}`: its pending deliveries are dropped.
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
