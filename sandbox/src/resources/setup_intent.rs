//! Setup intents: a payment method is saved without a payment (`docs.stripe.com/api/setup_intents`).

use serde_json::{Map, Value, json};

use crate::{
    resources::event,
    store::{
        decline::Decline,
        kind::Kind,
        work::{Change, Work, text},
    },
};

/// Adds a setup intent that waits for a payment method, and returns its id.
pub(crate) fn create(
    work: &mut Work<'_>,
    customer: &Value,
    description: &Value,
    metadata: &Map<String, Value>,
) -> String {
    let id = work.new_id(Kind::SetupIntent);
    let intent = json!({
        "id": id,
        "object": "setup_intent",
        "application": null,
        "automatic_payment_methods": null,
        "cancellation_reason": null,
        "client_secret": format!("{id}_secret_{}", work.random("", 25)),
        "created": work.now,
        "customer": customer,
        "customer_account": null,
        "description": description,
        "excluded_payment_method_types": null,
        "flow_directions": null,
        "last_setup_error": null,
        "latest_attempt": null,
        "livemode": false,
        "mandate": null,
        "metadata": metadata,
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": null,
        "payment_method_configuration_details": null,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "single_use_mandate": null,
        "status": "requires_payment_method",
        "usage": "off_session",
    });
    work.put(Kind::SetupIntent, intent.clone());
    event::emit(work, "setup_intent.created", &intent);
    id
}

/// Records that a payment method was set up.
pub(crate) fn succeed(work: &mut Work<'_>, id: &str, payment_method: &str) {
    let kind = text(&work.get(Kind::PaymentMethod, payment_method), "type");
    let Change { after: intent, .. } = work.change(Kind::SetupIntent, id, |intent| {
        intent["last_setup_error"] = Value::Null;
        intent["payment_method"] = payment_method.into();
        intent["payment_method_types"] = json!([kind]);
        intent["status"] = "succeeded".into();
    });
    event::emit(work, "setup_intent.succeeded", &intent);
}

/// Records that a payment method was declined. Another one may be tried.
pub(crate) fn fail(work: &mut Work<'_>, id: &str, decline: Decline) {
    let Change { after: intent, .. } = work.change(Kind::SetupIntent, id, |intent| {
        intent["last_setup_error"] = json!({
            "code": decline.code,
            "decline_code": decline.reason,
            "message": decline.message,
            "type": "card_error",
        });
    });
    event::emit(work, "setup_intent.setup_failed", &intent);
}

/// Cancels a setup intent whose checkout session expires.
pub(crate) fn cancel(work: &mut Work<'_>, id: &str) {
    if work.get(Kind::SetupIntent, id)["status"] != "requires_payment_method" {
        return;
    }
    let Change { after: intent, .. } = work.change(Kind::SetupIntent, id, |intent| {
        intent["cancellation_reason"] = "abandoned".into();
        intent["status"] = "canceled".into();
    });
    event::emit(work, "setup_intent.canceled", &intent);
}
