//! Payment intents (`docs.stripe.com/api/payment_intents`).

use serde_json::{Map, Value, json};

use crate::{
    resources::{
        card::{Behaviour, Card},
        charge, event, invoice_payment,
    },
    store::{
        decline::{self, AUTHENTICATION_FAILED, AUTHENTICATION_REQUIRED, Decline},
        kind::Kind,
        state::State,
        timers::Timer,
        work::{Change, Work, text},
    },
};

/// Seconds for which a payment that bounces is in processing.
const PROCESSING_SECONDS: i64 = 4 * 24 * 60 * 60;

/// The state of a payment after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The payment succeeded.
    Paid,
    /// The bank has not decided yet.
    Processing,
    /// The payment was declined, or waits for the customer to authenticate it.
    Failed,
}

/// The terms of a new payment.
pub(crate) struct Terms<'a> {
    /// The amount in minor units.
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    /// An id, or null for a guest.
    pub(crate) customer: &'a Value,
    pub(crate) description: Value,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) payment_method: &'a str,
}

/// Adds a payment intent that waits for its confirmation, and returns its id.
pub(crate) fn create(work: &mut Work<'_>, terms: &Terms<'_>) -> String {
    let id = work.new_id(Kind::PaymentIntent);
    let method_type = text(&work.get(Kind::PaymentMethod, terms.payment_method), "type");
    let intent = json!({
        "id": id,
        "object": "payment_intent",
        "amount": terms.amount,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": 0,
        "application": null,
        "application_fee_amount": null,
        "automatic_payment_methods": null,
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic",
        "client_secret": format!("{id}_secret_{}", work.random("", 25)),
        "confirmation_method": "automatic",
        "created": work.now,
        "currency": terms.currency,
        "customer": terms.customer,
        "customer_account": null,
        "description": terms.description,
        "excluded_payment_method_types": null,
        "last_payment_error": null,
        "latest_charge": null,
        "livemode": false,
        "metadata": terms.metadata,
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": terms.payment_method,
        "payment_method_configuration_details": null,
        "payment_method_options": {},
        "payment_method_types": [method_type],
        "processing": null,
        "receipt_email": null,
        "review": null,
        "setup_future_usage": null,
        "shipping": null,
        "source": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "requires_confirmation",
        "transfer_data": null,
        "transfer_group": null,
    });
    work.put(Kind::PaymentIntent, intent)
}

/// Sets the payment method that is charged next.
pub(crate) fn set_method(work: &mut Work<'_>, id: &str, payment_method: &str) {
    work.change(Kind::PaymentIntent, id, |intent| {
        intent["next_action"] = Value::Null;
        intent["payment_method"] = payment_method.into();
        intent["status"] = "requires_confirmation".into();
    });
}

/// Charges the payment method. `present` is `true` if the customer is on the page.
pub(crate) fn confirm(work: &mut Work<'_>, id: &str, present: bool) -> Progress {
    let method = text(&work.get(Kind::PaymentIntent, id), "payment_method");
    let Some(card) = Card::behind(work, &method) else {
        fail(work, id, decline::NO_METHOD);
        return Progress::Failed;
    };
    match card.charge(present) {
        Ok(()) if card.processes(present) => {
            start_processing(work, id, card);
            Progress::Processing
        }
        Ok(()) => {
            succeed(work, id);
            Progress::Paid
        }
        Err(AUTHENTICATION_REQUIRED) => {
            require_action(work, id);
            Progress::Failed
        }
        Err(decline) => {
            fail(work, id, decline);
            Progress::Failed
        }
    }
}

/// Marks a payment intent as waiting for the customer's authentication. Nothing was charged, so there is no charge, and
/// the payment method stays.
fn require_action(work: &mut Work<'_>, id: &str) {
    let page = format!("{}/authenticate/{id}", work.state.base_url);
    let Change { after: intent, .. } = work.change(Kind::PaymentIntent, id, |intent| {
        intent["next_action"] = json!({
            "redirect_to_url": { "return_url": null, "url": page },
            "type": "redirect_to_url",
        });
        intent["status"] = "requires_action".into();
    });
    event::emit(work, "payment_intent.requires_action", &intent);
}

/// Records that the customer did not pass the authentication. Another method may be tried.
pub(crate) fn fail_authentication(work: &mut Work<'_>, id: &str) {
    let Change { after: intent, .. } = work.change(Kind::PaymentIntent, id, |intent| {
        let mut error = error(AUTHENTICATION_FAILED);
        error["payment_method"] = intent["payment_method"].take();
        intent["last_payment_error"] = error;
        intent["next_action"] = Value::Null;
        intent["status"] = "requires_payment_method".into();
    });
    event::emit(work, "payment_intent.payment_failed", &intent);
}

fn error(decline: Decline) -> Value {
    json!({
        "charge": null,
        "code": decline.code,
        "decline_code": decline.reason,
        "message": decline.message,
        "type": "card_error",
    })
}

/// Returns the payment intent of the last payment of an invoice; null if it has none.
pub(crate) fn of_invoice(state: &State, invoice: &str) -> Value {
    let payment = invoice_payment::of_invoice(state, invoice).next_back();
    let intent = payment.map(|payment| text(&payment["payment"], "payment_intent"));
    state.find(Kind::PaymentIntent, &intent.unwrap_or_default()).cloned().unwrap_or_default()
}

/// Returns the reason that the last payment of an invoice failed.
pub(crate) fn last_decline(work: &Work<'_>, invoice: &str) -> Decline {
    let intent = of_invoice(work.state, invoice);
    if intent["status"] == "requires_action" {
        return AUTHENTICATION_REQUIRED;
    }
    Decline::of_message(intent["last_payment_error"]["message"].as_str().unwrap_or_default())
}

/// Starts the processing of a payment by a delayed method.
pub(crate) fn start_processing(work: &mut Work<'_>, id: &str, card: &Card) {
    let intent = work.change(Kind::PaymentIntent, id, |intent| intent["status"] = "processing".into()).after;
    if card.behaviour == Behaviour::BouncesLater {
        work.state.timers.add(work.now + PROCESSING_SECONDS, Timer::Bounce(id.to_owned()));
    }
    event::emit(work, "payment_intent.processing", &intent);
}

/// Marks a payment intent as succeeded, and adds its charge.
pub(crate) fn succeed(work: &mut Work<'_>, id: &str) {
    let intent = work.get(Kind::PaymentIntent, id);
    let charge = charge::add(work, &intent, None);
    let Change { after: intent, .. } = work.change(Kind::PaymentIntent, id, |intent| {
        intent["amount_received"] = intent["amount"].clone();
        intent["last_payment_error"] = Value::Null;
        intent["next_action"] = Value::Null;
        intent["latest_charge"] = charge["id"].clone();
        intent["status"] = "succeeded".into();
    });
    event::emit(work, "charge.succeeded", &charge);
    event::emit(work, "payment_intent.succeeded", &intent);
}

/// Cancels a payment intent of an invoice that has nothing left to pay.
pub(crate) fn cancel(work: &mut Work<'_>, id: &str) {
    let now = work.now;
    let Change { after: intent, .. } = work.change(Kind::PaymentIntent, id, |intent| {
        intent["status"] = "canceled".into();
        intent["canceled_at"] = now.into();
        intent["cancellation_reason"] = "void_invoice".into();
    });
    event::emit(work, "payment_intent.canceled", &intent);
}

/// Marks a payment intent as declined, and adds its failed charge. Another method may be tried.
pub(crate) fn fail(work: &mut Work<'_>, id: &str, decline: Decline) {
    let intent = work.get(Kind::PaymentIntent, id);
    let charge = charge::add(work, &intent, Some(decline));
    let Change { after: intent, .. } = work.change(Kind::PaymentIntent, id, |intent| {
        intent["last_payment_error"] = error(decline);
        intent["last_payment_error"]["charge"] = charge["id"].clone();
        intent["latest_charge"] = charge["id"].clone();
        intent["payment_method"] = Value::Null;
        intent["status"] = "requires_payment_method".into();
    });
    event::emit(work, "charge.failed", &charge);
    event::emit(work, "payment_intent.payment_failed", &intent);
}
