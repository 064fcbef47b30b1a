//! The features of a customer portal session.

use serde_json::Value;

use crate::store::{kind::Kind, state::State, work::text};

/// Returns `true` if a session's configuration offers a feature.
pub(crate) fn offers(state: &State, session: &Value, feature: &str) -> bool {
    state
        .find(Kind::PortalConfiguration, &text(session, "configuration"))
        .is_some_and(|configuration| configuration["features"][feature]["enabled"] == true)
}

/// Returns `true` if a session's configuration lets a customer choose a payment method of this type. Without a payment method
/// configuration every activated type is offered.
pub(crate) fn takes(state: &State, session: &Value, payment_method: &str) -> bool {
    let configuration = state.find(Kind::PortalConfiguration, &text(session, "configuration"));
    let methods = configuration
        .map(|configuration| text(&configuration["features"]["payment_method_update"], "payment_method_configuration"));
    let methods = methods.and_then(|methods| state.find(Kind::PaymentMethodConfiguration, &methods));
    methods.is_none_or(|methods| methods[payment_method]["available"] == true)
}
