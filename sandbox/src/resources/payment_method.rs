//! Saved payment methods (`docs.stripe.com/api/payment_methods`).

use serde_json::Value;

use crate::{
    resources::event,
    store::{
        kind::Kind,
        state::State,
        work::{Change, Work, text},
    },
};

/// Saves a payment method for a customer.
pub(crate) fn attach(work: &mut Work<'_>, id: &str, customer: &Value) -> Value {
    let Change { after: method, .. } = work.change(Kind::PaymentMethod, id, |method| {
        method["customer"] = customer.clone();
    });
    event::emit(work, "payment_method.attached", &method);
    method
}

/// Removes a payment method from its customer, who can no longer pay with it.
pub(crate) fn detach(work: &mut Work<'_>, id: &str) -> Value {
    let change = work.change(Kind::PaymentMethod, id, |method| method["customer"] = Value::Null);
    event::emit_change(work, "payment_method.detached", &change);
    let customer = text(&change.before, "customer");
    if work.get(Kind::Customer, &customer)["invoice_settings"]["default_payment_method"] == id {
        let change = work.change(Kind::Customer, &customer, |customer| {
            customer["invoice_settings"]["default_payment_method"] = Value::Null;
        });
        event::emit_change(work, "customer.updated", &change);
    }
    change.after
}

/// Returns `true` for a payment method that was removed from its customer, or never belonged to one.
pub(crate) fn is_detached(state: &State, id: &str) -> bool {
    state.find(Kind::PaymentMethod, id).is_some_and(|method| method["customer"].is_null())
}
