//! The customer portal: its configurations and sessions (`docs.stripe.com/api/customer_portal`). The page itself is
//! `http::portal_page`.

use serde_json::{Value, json};

use crate::{
    call::{Answer, Call},
    event,
    form::Params,
    kind::Kind,
    list::Query,
    metadata,
    problem::Problem,
    state::State,
    work::{Work, text},
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

/// Nothing is enabled unless the request says so.
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
        // Plan switching in the portal is not played here, so that what it would offer changes nothing.
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
    Ok(change.1)
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
    params.ignore(&["flow_data"]);
    params.finish()?;
    let id = call.work.new_id(Kind::PortalSession);
    let session = json!({
        "id": id,
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": call.work.now,
        "customer": customer,
        "customer_account": null,
        "flow": null,
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

fn default_configuration(work: &Work<'_>) -> Answer {
    let mut all = work.state.all(Kind::PortalConfiguration);
    let default = all.find(|configuration| configuration["is_default"] == true).cloned();
    default.ok_or_else(|| {
        let message = "No configuration provided and your test mode default configuration has not been created. Create one with POST /v1/billing_portal/configurations.";
        Problem::not_now(message)
    })
}

/// True where a session's configuration lets a customer choose a payment method of this type. Without a payment method
/// configuration every activated one is offered.
pub(crate) fn takes(state: &State, session: &Value, payment_method: &str) -> bool {
    let configuration = state.find(Kind::PortalConfiguration, &text(session, "configuration"));
    let methods = configuration
        .map(|configuration| text(&configuration["features"]["payment_method_update"], "payment_method_configuration"));
    let methods = methods.and_then(|methods| state.find(Kind::PaymentMethodConfiguration, &methods));
    methods.is_none_or(|methods| methods[payment_method]["available"] == true)
}

/// Whether a session's configuration offers a feature.
pub(crate) fn offers(state: &State, session: &Value, feature: &str) -> bool {
    state
        .find(Kind::PortalConfiguration, &text(session, "configuration"))
        .is_some_and(|configuration| configuration["features"][feature]["enabled"] == true)
}
