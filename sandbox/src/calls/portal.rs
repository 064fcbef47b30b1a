//! Calls on configurations and sessions of the customer portal (`docs.stripe.com/api/customer_portal`).

use serde_json::{Value, json};

use crate::{
    api::{call::Call, form::Params, list::Query, metadata},
    resources::event,
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        state::State,
        work::Work,
    },
};

/// `POST /v1/billing_portal/configurations`. The first one becomes the account's default.
pub(crate) fn create_configuration(call: &mut Call<'_>) -> Answer {
    let is_default = call.work.state.all(Kind::PortalConfiguration).next().is_none();
    let mut configuration = json!({
        "id": call.work.new_id(Kind::PortalConfiguration),
        "object": "billing_portal.configuration",
        "active": true,
        "application": null,
        "business_profile": { "headline": null, "privacy_policy_url": null, "terms_of_service_url": null },
        "created": call.work.now,
        "default_return_url": null,
        "features": default_features(),
        "is_default": is_default,
        "livemode": false,
        "login_page": { "enabled": false, "url": null },
        "metadata": metadata::of_new(&mut call.params)?,
        "name": null,
        "updated": call.work.now,
    });
    read_configuration(call.work.state, &mut call.params, &mut configuration)?;
    call.params.finish()?;
    call.work.put(Kind::PortalConfiguration, configuration.clone());
    event::emit(&mut call.work, "billing_portal.configuration.created", &configuration);
    Ok(configuration)
}

/// Renders the features of a new configuration. Nothing is enabled unless the request enables it.
fn default_features() -> Value {
    json!({
        "customer_update": { "allowed_updates": [], "enabled": false },
        "invoice_history": { "enabled": false },
        "payment_method_update": { "enabled": false, "payment_method_configuration": null },
        "subscription_cancel": {
            "cancellation_reason": { "enabled": false, "feedback_options": null, "options": [] },
            "enabled": false,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": {
            "billing_cycle_anchor": null,
            "default_allowed_updates": [],
            "enabled": false,
            "products": null,
            "proration_behavior": "none",
            "schedule_at_period_end": { "conditions": [] },
            "trial_update_behavior": "end_trial",
        },
    })
}

fn read_configuration(state: &State, params: &mut Params, configuration: &mut Value) -> Result<(), Problem> {
    if let Some(active) = params.boolean("active")? {
        configuration["active"] = active.into();
    }
    for field in ["default_return_url", "name"] {
        if let Some(value) = params.unsettable(field)? {
            configuration[field] = if value.is_empty() { Value::Null } else { value.into() };
        }
    }
    if let Some(mut profile) = params.child("business_profile")? {
        for field in ["headline", "privacy_policy_url", "terms_of_service_url"] {
            if let Some(value) = profile.unsettable(field)? {
                configuration["business_profile"][field] = if value.is_empty() { Value::Null } else { value.into() };
            }
        }
        profile.finish()?;
    }
    if let Some(mut page) = params.child("login_page")? {
        configuration["login_page"]["enabled"] = page.boolean("enabled")?.unwrap_or_default().into();
        page.finish()?;
    }
    if let Some(mut features) = params.child("features")? {
        read_features(state, &mut features, &mut configuration["features"])?;
        features.finish()?;
    }
    Ok(())
}

fn read_features(state: &State, given: &mut Params, features: &mut Value) -> Result<(), Problem> {
    for name in
        ["customer_update", "invoice_history", "payment_method_update", "subscription_cancel", "subscription_update"]
    {
        let Some(mut feature) = given.child(name)? else {
            continue;
        };
        if let Some(enabled) = feature.boolean("enabled")? {
            features[name]["enabled"] = enabled.into();
        }
        for list in ["allowed_updates", "default_allowed_updates"] {
            let values = feature.texts(list)?;
            if !values.is_empty() {
                features[name][list] = values.into();
            }
        }
        for field in ["mode", "proration_behavior", "trial_update_behavior"] {
            if let Some(value) = feature.text(field)? {
                features[name][field] = value.into();
            }
        }
        if let Some(id) = feature.text("payment_method_configuration")? {
            state.named_in("payment_method_configuration", Kind::PaymentMethodConfiguration, &id)?;
            features[name]["payment_method_configuration"] = id.into();
        }
        if let Some(mut reason) = feature.child("cancellation_reason")? {
            features[name]["cancellation_reason"]["enabled"] = reason.boolean("enabled")?.unwrap_or_default().into();
            features[name]["cancellation_reason"]["options"] = reason.texts("options")?.into();
            reason.finish()?;
        }
        // The portal of the sandbox does not switch plans, so these settings have no effect.
        feature.ignore(&["products", "schedule_at_period_end", "billing_cycle_anchor"]);
        feature.finish()?;
    }
    Ok(())
}

/// `POST /v1/billing_portal/configurations/{id}`.
pub(crate) fn update_configuration(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let mut configuration = call.work.state.named(Kind::PortalConfiguration, &id)?;
    let metadata = metadata::read(&mut call.params)?;
    read_configuration(call.work.state, &mut call.params, &mut configuration)?;
    call.params.finish()?;
    metadata::apply_to(&mut configuration, metadata);
    configuration["updated"] = call.work.now.into();
    let change = call.work.change(Kind::PortalConfiguration, &id, |old| *old = configuration);
    event::emit_change(&mut call.work, "billing_portal.configuration.updated", &change);
    Ok(change.after)
}

/// `GET /v1/billing_portal/configurations`.
pub(crate) fn list_configurations(call: &mut Call<'_>) -> Answer {
    let active = call.params.boolean("active")?;
    let is_default = call.params.boolean("is_default")?;
    let query = Query::read(&mut call.params, &[])?;
    call.params.finish()?;
    query.answer(call.work.state, Kind::PortalConfiguration, |configuration| {
        active.is_none_or(|active| configuration["active"] == active)
            && is_default.is_none_or(|is_default| configuration["is_default"] == is_default)
    })
}

/// `POST /v1/billing_portal/sessions`.
pub(crate) fn create_session(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let customer = params.required_text("customer")?;
    call.work.state.named_in("customer", Kind::Customer, &customer)?;
    let configuration = match params.text("configuration")? {
        Some(id) => call.work.state.named_in("configuration", Kind::PortalConfiguration, &id)?,
        None => default_configuration(&call.work)?,
    };
    if configuration["active"] != true {
        let message = "This portal configuration is not active.";
        return Err(Problem::invalid_parameter("configuration", message));
    }
    let return_url =
        params.text("return_url")?.map_or_else(|| configuration["default_return_url"].clone(), Value::from);
    let locale = params.text("locale")?;
    let flow = flow(&call.work, params, &customer)?;
    params.finish()?;
    let id = call.work.new_id(Kind::PortalSession);
    let session = json!({
        "id": id,
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": call.work.now,
        "customer": customer,
        "customer_account": null,
        "flow": flow,
        "livemode": false,
        "locale": locale,
        "on_behalf_of": null,
        "return_url": return_url,
        "url": format!("{}/portal/{id}", call.work.state.base_url),
    });
    call.work.put(Kind::PortalSession, session.clone());
    event::emit(&mut call.work, "billing_portal.session.created", &session);
    Ok(session)
}

/// Takes `flow_data` from a request: the session offers one action only, and may redirect after it. Null without it.
fn flow(work: &Work<'_>, params: &mut Params, customer: &str) -> Answer {
    let Some(mut data) = params.child("flow_data")? else {
        return Ok(Value::Null);
    };
    let kind = data.required_text("type")?;
    let mut canceled = Value::Null;
    if let Some(mut cancel) = data.child("subscription_cancel")? {
        let (name, id) = (cancel.name_of("subscription"), cancel.required_text("subscription")?);
        let subscription = work.state.named_in(&name, Kind::Subscription, &id)?;
        if subscription["customer"] != customer {
            return Err(Problem::no_such_in(&name, Kind::Subscription, &id));
        }
        cancel.finish()?;
        canceled = json!({ "retention": null, "subscription": id });
    }
    if !["payment_method_update", "subscription_cancel"].contains(&kind.as_str())
        || (kind == "subscription_cancel") == canceled.is_null()
    {
        let message = "Invalid type: the sandbox supports `payment_method_update`, and `subscription_cancel` with its subscription.";
        return Err(Problem::invalid_parameter(&data.name_of("type"), message));
    }
    let after_completion = after_completion(&mut data)?;
    data.finish()?;
    Ok(json!({
        "after_completion": after_completion,
        "subscription_cancel": canceled,
        "subscription_update": null,
        "subscription_update_confirm": null,
        "type": kind,
    }))
}

fn after_completion(data: &mut Params) -> Answer {
    let mut completion = json!({ "hosted_confirmation": null, "redirect": null, "type": "portal_homepage" });
    let Some(mut given) = data.child("after_completion")? else {
        return Ok(completion);
    };
    let kind = given.required_text("type")?;
    if let Some(mut redirect) = given.child("redirect")? {
        completion["redirect"] = json!({ "return_url": redirect.required_text("return_url")? });
        redirect.finish()?;
    }
    if !["portal_homepage", "redirect"].contains(&kind.as_str())
        || (kind == "redirect") == completion["redirect"].is_null()
    {
        let message = "Invalid type: the sandbox supports `portal_homepage`, and `redirect` with its `return_url`.";
        return Err(Problem::invalid_parameter(&given.name_of("type"), message));
    }
    given.finish()?;
    completion["type"] = kind.into();
    Ok(completion)
}

fn default_configuration(work: &Work<'_>) -> Answer {
    let mut all = work.state.all(Kind::PortalConfiguration);
    let default = all.find(|configuration| configuration["is_default"] == true).cloned();
    default.ok_or_else(|| {
        let message = "No configuration provided and your test mode default configuration has not been created. Create one with POST /v1/billing_portal/configurations.";
        Problem::not_now(message)
    })
}
