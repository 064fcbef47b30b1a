//! Payments on the hosted page and their effects (docs.stripe.com/payments/checkout/how-checkout-works).

use serde_json::{Map, Value, json};

use crate::{
    billing::proration,
    resources::{
        card::{self, Card},
        customer, event,
        invoice::{self, Attempt, Draft},
        invoice_item,
        payment_intent::{self, Progress, Terms},
        payment_method, promotion_code, setup_intent, subscription,
    },
    store::{
        calendar::Period,
        decline::{self, Decline},
        kind::Kind,
        order::Order,
        work::{Work, text},
    },
};

/// The reason that a checkout session was not paid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    NoSuchSession,
    /// The session is complete or expired.
    Closed,
    /// The card was declined; the session stays open and nothing was created.
    Declined(Decline),
}

const EXCLUDED: Decline = Decline {
    code: "payment_method_not_available",
    reason: None,
    message: "This page does not accept this payment method.",
};

fn is_excluded(session: &Value, kind: &str) -> bool {
    session["excluded_payment_method_types"].as_array().is_some_and(|excluded| excluded.iter().any(|one| one == kind))
}

/// Pays an open session with a test number, and returns the completed session.
pub(crate) fn pay(work: &mut Work<'_>, id: &str, number: &str) -> Result<Value, Refusal> {
    let session = work.state.find(Kind::Session, id).cloned().ok_or(Refusal::NoSuchSession)?;
    if session["status"] != "open" || session["expires_at"].as_i64().is_some_and(|at| at <= work.now) {
        return Err(Refusal::Closed);
    }
    let order = work.state.orders.get(id).cloned().ok_or(Refusal::NoSuchSession)?;
    let card = Card::find(number).ok_or(Refusal::Declined(decline::INCORRECT_NUMBER))?;
    if let Err(decline) = card.charge(true) {
        if session["mode"] == "setup" {
            setup_intent::fail(work, &text(&session, "setup_intent"), decline);
        }
        return Err(Refusal::Declined(decline));
    }
    if card.is_delayed() && is_excluded(&session, "us_bank_account") {
        return Err(Refusal::Declined(EXCLUDED));
    }
    let enters_address = order.automatic_tax || session["billing_address_collection"] == "required";
    let (code, saves_address) = (order.promotion_code.clone(), order.saves_address && enters_address);
    match session["mode"].as_str() {
        Some("subscription") => subscribe(work, &session, order, card),
        Some("setup") => save(work, &session, card),
        _ => buy(work, &session, order, card),
    }
    let session = work.get(Kind::Session, id);
    if let Some(code) = code {
        promotion_code::redeem(work, &code);
    }
    if saves_address {
        customer::save_address(work, &text(&session, "customer"));
    }
    event::emit(work, "checkout.session.completed", &session);
    Ok(session)
}

/// Completes a session in subscription mode. As at Stripe, the subscription is created only now, and its first invoice
/// is charged.
fn subscribe(work: &mut Work<'_>, session: &Value, order: Order, card: &Card) {
    let customer = customer_of(work, session);
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
        promotion_code: order.promotion_code,
        automatic_tax: order.automatic_tax,
        billing_mode: order.billing_mode,
    };
    let subscription = subscription::start(work, &start);
    event::emit(work, "customer.subscription.created", &subscription);
    let mut lines = proration::take_waiting(work, &subscription, &invoice);
    lines.extend(invoice::period_lines(work, &subscription));
    let draft = Draft {
        id: invoice.clone(),
        subscription: &subscription,
        reason: "subscription_create",
        period: Period::moment(work.now),
        lines,
    };
    invoice::draft(work, draft, |_| {});
    invoice::finalize(work, &invoice, &payment_method);
    let attempt = Attempt { present: true, payment_method, next_at: None };
    let progress = invoice::collect(work, &invoice, &attempt);
    complete(work, session, |session| {
        session["customer"] = customer;
        session["invoice"] = invoice.into();
        session["payment_status"] = payment_status(session, progress).into();
        session["subscription"] = subscription["id"].clone();
    });
}

/// Returns the `payment_status`. A trial, or a coupon for the whole amount, leaves nothing to pay; a delayed method has
/// not paid yet.
fn payment_status(session: &Value, progress: Progress) -> &'static str {
    match progress {
        _ if session["amount_total"] == 0 => "no_payment_required",
        Progress::Paid => "paid",
        Progress::Processing | Progress::Failed => "unpaid",
    }
}

/// Completes a session in setup mode: the payment method is saved for its customer, and nothing is charged.
fn save(work: &mut Work<'_>, session: &Value, card: &Card) {
    let method = card.save(work, &Value::Null);
    if !session["customer"].is_null() {
        payment_method::attach(work, &method, &session["customer"]);
    }
    setup_intent::succeed(work, &text(session, "setup_intent"), &method);
    complete(work, session, |_| {});
}

/// Completes a session in payment mode with one payment intent, which succeeds immediately or stays in processing. A
/// free order has none.
fn buy(work: &mut Work<'_>, session: &Value, order: Order, card: &Card) {
    if session["amount_total"] == 0 {
        complete(work, session, |session| {
            session["payment_status"] = "no_payment_required".into();
        });
        return;
    }
    let needs_customer = order.saves_method || session["invoice_creation"]["enabled"] == true;
    let customer = if needs_customer { customer_of(work, session) } else { session["customer"].clone() };
    // Without the customer's consent, the payment method serves this payment only.
    let payment_method = card.save(work, &Value::Null);
    let terms = Terms {
        amount: session["amount_total"].as_i64().unwrap_or_default(),
        currency: &text(session, "currency"),
        customer: &customer,
        description: order.description,
        metadata: order.metadata,
        payment_method: &payment_method,
    };
    let intent = payment_intent::create(work, &terms);
    if order.saves_method {
        work.change(Kind::PaymentIntent, &intent, |intent| intent["setup_future_usage"] = "off_session".into());
        payment_method::attach(work, &payment_method, &customer);
    }
    let progress = payment_intent::confirm(work, &intent, true);
    complete(work, session, |session| {
        session["customer"] = customer;
        session["payment_intent"] = intent.into();
        session["payment_status"] = payment_status(session, progress).into();
    });
    if progress == Progress::Paid {
        create_invoice(work, &text(session, "id"));
    }
}

/// Returns the customer of a session, and creates one for a guest.
fn customer_of(work: &mut Work<'_>, session: &Value) -> Value {
    match &session["customer"] {
        Value::Null => {
            let fields = vec![("email", session["customer_email"].clone())];
            customer::add(work, fields, &Map::new())["id"].clone()
        }
        existing => existing.clone(),
    }
}

/// Creates the invoice of a paid purchase, if the session requests one with `invoice_creation`.
pub(crate) fn create_invoice(work: &mut Work<'_>, id: &str) {
    let session = work.get(Kind::Session, id);
    let lines = work.state.orders.get(id).map(|order| order.lines.clone()).unwrap_or_default();
    if session["invoice_creation"]["enabled"] != true || !session["invoice"].is_null() || lines.is_empty() {
        return;
    }
    let invoice = work.new_id(Kind::Invoice);
    let data = &session["invoice_creation"]["invoice_data"];
    let payer = json!({
        "id": null,
        "currency": session["currency"],
        "customer": session["customer"],
        "discounts": [],
        "metadata": {},
        "automatic_tax": session["automatic_tax"],
    });
    let draft = Draft {
        id: invoice.clone(),
        subscription: &payer,
        reason: "manual",
        period: Period::moment(work.now),
        lines: lines.iter().map(|line| invoice_item::of_purchase(work, line)).collect(),
    };
    invoice::draft(work, draft, |invoice| {
        for field in ["description", "footer", "metadata"] {
            if !data[field].is_null() {
                invoice[field] = data[field].clone();
            }
        }
    });
    invoice::finalize_paid(work, &invoice, &text(&session, "payment_intent"));
    work.change(Kind::Session, id, |session| session["invoice"] = invoice.into());
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
