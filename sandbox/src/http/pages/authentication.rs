//! The page that stands for the customer's bank: `/authenticate/{payment_intent}`, where a customer confirms a payment of an
//! invoice that was attempted without them.

use axum::{
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use super::{
    frame::{challenge, message, missing},
    visit::Visit,
};
use crate::{
    billing::dunning,
    resources::invoice_payment,
    store::{
        kind::Kind,
        state::State as Account,
        work::{Cause, text},
    },
};

/// A payment of an invoice.
struct Payment {
    intent: Value,
    invoice: String,
    /// The test number behind the payment method.
    number: String,
}

fn find(state: &Account, intent: &str) -> Option<Payment> {
    let invoice = invoice_payment::invoice_of(state, intent)?;
    let intent = state.find(Kind::PaymentIntent, intent)?.clone();
    let number = state.card_numbers.get(&text(&intent, "payment_method")).cloned().unwrap_or_default();
    Some(Payment { intent, invoice, number })
}

/// `GET /authenticate/{payment_intent}`.
pub(crate) async fn show(Visit { store, id, origin, .. }: Visit) -> Response {
    let Some(payment) = store.view(|state| find(state, &id)) else { return missing("No such payment") };
    if payment.intent["status"] == "requires_action"
        && let Some(page) = challenge(&payment.number, "", &[])
    {
        return page;
    }
    let invoice = (origin.lead_to(&payment.invoice), "Show the invoice");
    message(StatusCode::OK, "There is nothing to confirm", "This payment does not wait for you.", Some(invoice))
}

/// `POST /authenticate/{payment_intent}` with `authentication`: `complete` or `fail`. Leads to the invoice.
pub(crate) async fn act(Visit { store, id, origin, fields }: Visit) -> Response {
    let Some(payment) = store.view(|state| find(state, &id)) else { return missing("No such payment") };
    store.work(Cause::default(), |work| {
        if work.get(Kind::PaymentIntent, &id)["status"] != "requires_action" {
            return;
        }
        if fields.get("authentication") == "complete" {
            dunning::attempt_by_customer(work, &payment.invoice, text(&payment.intent, "payment_method"));
        } else {
            dunning::authentication_failed(work, &payment.invoice);
        }
    });
    (StatusCode::SEE_OTHER, [(LOCATION, origin.lead_to(&payment.invoice))]).into_response()
}
