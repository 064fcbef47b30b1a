//! Calls on payment method configurations (`docs.stripe.com/api/payment_method_configurations`).

use serde_json::{Value, json};

use crate::{
    api::{call::Call, form::Params},
    resources::payment_method_type,
    store::{
        kind::Kind,
        problem::{Answer, Problem},
    },
};

/// The payment methods that the account has activated, which the hosted pages accept.
const ACTIVATED: [&str; 2] = ["card", "us_bank_account"];

/// `POST /v1/payment_method_configurations`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let mut configuration = json!({
        "id": call.work.new_id(Kind::PaymentMethodConfiguration),
        "object": "payment_method_configuration",
        "active": true,
        "application": null,
        "is_default": false,
        "livemode": false,
        "name": "",
        "parent": null,
    });
    for kind in payment_method_type::KNOWN {
        configuration[kind] = offered(kind, "none");
    }
    read(&mut call.params, &mut configuration)?;
    call.params.finish()?;
    call.work.put(Kind::PaymentMethodConfiguration, configuration.clone());
    Ok(configuration)
}

/// `POST /v1/payment_method_configurations/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let mut configuration = call.work.state.named(Kind::PaymentMethodConfiguration, &id)?;
    read(&mut call.params, &mut configuration)?;
    call.params.finish()?;
    Ok(call.work.change(Kind::PaymentMethodConfiguration, &id, |old| *old = configuration).after)
}

fn read(params: &mut Params, configuration: &mut Value) -> Result<(), Problem> {
    if let Some(name) = params.text("name")? {
        configuration["name"] = name.into();
    }
    if let Some(active) = params.boolean("active")? {
        configuration["active"] = active.into();
    }
    for kind in payment_method_type::KNOWN {
        let Some(mut method) = params.child(kind)? else { continue };
        if let Some(mut display) = method.child("display_preference")? {
            let preference = display.text("preference")?.unwrap_or_else(|| "none".to_owned());
            if !["none", "off", "on"].contains(&preference.as_str()) {
                let param = format!("{kind}[display_preference][preference]");
                return Err(Problem::invalid_parameter(
                    &param,
                    format!("Invalid {param}: must be one of none, off, or on"),
                ));
            }
            configuration[kind] = offered(kind, &preference);
            display.finish()?;
        }
        method.finish()?;
    }
    Ok(())
}

/// Renders a payment method with this preference. With `none`, activated methods are on.
fn offered(kind: &str, preference: &str) -> Value {
    let activated = ACTIVATED.contains(&kind);
    let value = match preference {
        "none" if activated => "on",
        "none" => "off",
        other => other,
    };
    json!({
        "available": activated && value == "on",
        "display_preference": { "overridable": null, "preference": preference, "value": value },
    })
}
