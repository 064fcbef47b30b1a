//! What happens when somebody pays on the hosted page (docs.stripe.com/payments/checkout/how-checkout-works).

use serde_json::{Map, Value, json};

use crate::{
    card::{self, Behaviour, Card, Decline},
    checkout_session::Order,
    customer, event,
    invoice::{self, Attempt, Draft},
    kind::Kind,
    payment_intent::{self, Terms},
    subscription,
    work::{Work, text},
};

/// Why a payment did not happen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    NoSuchSession,
    /// The session is complete or expired.
    Closed,
    /// The card was declined; the session stays open and nothing was made.
    Declined(Decline),
}

const ONLY_ONE_TIME: Decline = Decline {
    code: "payment_method_not_available",
    reason: None,
    message: "This payment method cannot pay for a subscription here.",
};

const EXCLUDED: Decline = Decline {
    code: "payment_method_not_available",
    reason: None,
    message: "This page does not take this payment method.",
};

fn is_excluded(session: &Value, kind: &str) -> bool {
    session["excluded_payment_method_types"].as_array().is_some_and(|excluded| excluded.iter().any(|one| one == kind))
}

/// Pays an open session with a test number, and answers with the completed session.
pub(crate) fn pay(work: &mut Work<'_>, id: &str, number: &str) -> Result<Value, Refusal> {
    let session = work.state.find(Kind::Session, id).cloned().ok_or(Refusal::NoSuchSession)?;
    if session["status"] != "open" || session["expires_at"].as_i64().is_some_and(|at| at <= work.now) {
        return Err(Refusal::Closed);
    }
    let order = work.state.orders.get(id).cloned().ok_or(Refusal::NoSuchSession)?;
    let card = Card::find(number).ok_or(Refusal::Declined(card::INCORRECT_NUMBER))?;
    card.charge(true).map_err(Refusal::Declined)?;
    if card.behaviour == Behaviour::PaysLater && is_excluded(&session, "us_bank_account") {
        return Err(Refusal::Declined(EXCLUDED));
    }
    if session["mode"] == "subscription" {
        if card.behaviour == Behaviour::PaysLater {
            return Err(Refusal::Declined(ONLY_ONE_TIME));
        }
        subscribe(work, &session, order, card);
    } else {
        buy(work, &session, order, card);
    }
    let session = work.get(Kind::Session, id);
    event::emit(work, "checkout.session.completed", &session);
    Ok(session)
}

/// Subscription mode: Stripe makes the subscription only now, and its first invoice is paid with it.
fn subscribe(work: &mut Work<'_>, session: &Value, order: Order, card: &Card) {
    let customer = match &session["customer"] {
        Value::Null => {
            let fields = vec![("email", session["customer_email"].clone())];
            customer::add(work, fields, &Map::new())["id"].clone()
        }
        known => known.clone(),
    };
    let payment_method = card.save(work, &customer);
    let invoice = work.new_id(Kind::Invoice);
    let start = subscription::Start {
        customer: customer.clone(),
        lines: order.lines,
        metadata: order.metadata,
        description: order.description,
        payment_method: payment_method.clone(),
        invoice: invoice.clone(),
        trial: order.trial,
        coupon: order.coupon,
    };
    let subscription = subscription::start(work, &start);
    event::emit(work, "customer.subscription.created", &subscription);
    let draft = Draft {
        id: invoice.clone(),
        subscription: &subscription,
        reason: "subscription_create",
        period: (work.now, work.now),
        lines: invoice::period_lines(work, &subscription),
    };
    invoice::draft(work, draft);
    invoice::finalize(work, &invoice, &payment_method);
    let attempt = Attempt { present: true, payment_method, next_at: None };
    invoice::collect(work, &invoice, &attempt);
    complete(work, session, |session| {
        session["customer"] = customer;
        session["invoice"] = invoice.into();
        session["payment_status"] = status_once_paid(session).into();
        session["subscription"] = subscription["id"].clone();
    });
}

/// A trial, or a coupon for everything, leaves nothing to pay.
fn status_once_paid(session: &Value) -> &'static str {
    if session["amount_total"] == 0 { "no_payment_required" } else { "paid" }
}

/// Payment mode: one payment intent, whose money is there at once or comes later. An order that costs nothing has none.
fn buy(work: &mut Work<'_>, session: &Value, order: Order, card: &Card) {
    if session["amount_total"] == 0 {
        complete(work, session, |session| {
            session["payment_status"] = "no_payment_required".into();
        });
        return;
    }
    let payment_method = card.save(work, &session["customer"]);
    let terms = Terms {
        amount: session["amount_total"].as_i64().unwrap_or_default(),
        currency: &text(session, "currency"),
        customer: &session["customer"],
        description: order.description,
        metadata: order.metadata,
        payment_method: &payment_method,
    };
    let intent = payment_intent::create(work, &terms);
    let delayed = card.behaviour == Behaviour::PaysLater;
    if delayed {
        payment_intent::start_processing(work, &intent);
    } else {
        payment_intent::succeed(work, &intent);
    }
    complete(work, session, |session| {
        session["payment_intent"] = intent.into();
        session["payment_status"] = if delayed { "unpaid" } else { "paid" }.into();
    });
}

fn complete(work: &mut Work<'_>, session: &Value, change: impl FnOnce(&mut Value)) {
    let email = match customer::email_of(work, &text(session, "customer")) {
        none if none.is_empty() => session["customer_email"].clone(),
        email => email.into(),
    };
    work.change(Kind::Session, &text(session, "id"), |session| {
        session["status"] = "complete".into();
        session["url"] = Value::Null;
        session["customer_details"] = json!({
            "address": card::billing_details(&Value::Null)["address"],
            "business_name": null,
            "email": email,
            "individual_name": null,
            "name": null,
            "phone": null,
            "tax_exempt": "none",
            "tax_ids": [],
        });
        change(session);
    });
}

/// The money of a delayed payment arrives, or its failure is known. `None` when the session waits for none.
pub(crate) fn settle_delayed(work: &mut Work<'_>, id: &str, arrived: bool) -> Option<Value> {
    let intent = text(&work.get(Kind::Session, id), "payment_intent");
    if work.get(Kind::PaymentIntent, &intent)["status"] != "processing" {
        return None;
    }
    if arrived {
        payment_intent::succeed(work, &intent);
        work.change(Kind::Session, id, |session| session["payment_status"] = "paid".into());
    } else {
        payment_intent::fail(work, &intent, card::BANK_REFUSED);
    }
    let session = work.get(Kind::Session, id);
    let name = if arrived { "async_payment_succeeded" } else { "async_payment_failed" };
    event::emit(work, &format!("checkout.session.{name}"), &session);
    Some(session)
}
