//! Checkout sessions: their fields, their line items and their expiry (docs.stripe.com/api/checkout/sessions).

use serde_json::{Value, json};

use crate::{
    api::list,
    resources::{event, setup_intent},
    store::{
        kind::Kind,
        order::Order,
        state::page_url,
        work::{Change, Work, text},
    },
};

/// Renders a new session, which is open.
pub(crate) fn render(work: &Work<'_>, mode: &str, order: &Order) -> Value {
    let id = work.new_id(Kind::Session);
    let mut session = json!({
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": { "enabled": false },
        "after_expiration": null,
        "allow_promotion_codes": null,
        "amount_subtotal": null,
        "amount_total": null,
        "automatic_tax": automatic_tax(order),
        "billing_address_collection": null,
        "cancel_url": null,
        "client_reference_id": null,
        "client_secret": null,
        "collected_information": null,
        "consent": null,
        "consent_collection": null,
        "created": work.now,
        "currency": order.lines.first().map(|line| line["currency"].clone()),
        "currency_conversion": null,
        "custom_fields": [],
        "custom_text":
            { "after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null },
        "customer": null,
        "customer_account": null,
        "customer_creation": if mode == "payment" { Some("if_required") } else { None },
        "customer_details": null,
        "customer_email": null,
        "excluded_payment_method_types": null,
        "discounts": [],
        "expires_at": null,
        "invoice": null,
        "invoice_creation": null,
        "livemode": false,
        "locale": null,
        "metadata": {},
        "mode": mode,
        "origin_context": null,
        "payment_intent": null,
        "payment_link": null,
        "payment_method_collection": if mode == "subscription" { "always" } else { "if_required" },
        "payment_method_configuration_details": null,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": if mode == "setup" { "no_payment_required" } else { "unpaid" },
        "permissions": null,
        "phone_number_collection": { "enabled": false },
        "recovered_from": null,
        "saved_payment_method_options": null,
        "setup_intent": null,
        "shipping_address_collection": null,
        "shipping_cost": null,
        "shipping_options": [],
        "status": "open",
        "submit_type": null,
        "subscription": null,
        "success_url": null,
        "total_details": null,
        "ui_mode": "hosted_page",
        "url": page_url(&work.state.base_url, &id),
        "wallet_options": null,
    });
    set_amounts(&mut session, order);
    session
}

fn automatic_tax(order: &Order) -> Value {
    if order.automatic_tax {
        json!({ "enabled": true, "liability": { "type": "self" }, "provider": "stripe", "status": "complete" })
    } else {
        json!({ "enabled": false, "liability": null, "provider": null, "status": null })
    }
}

/// Returns the path of the line items of a session.
pub(crate) fn line_items_url(id: &str) -> String {
    format!("/v1/checkout/sessions/{id}/line_items")
}

/// Renders the line items of a session as a list object.
pub(crate) fn line_items(work: &Work<'_>, id: &str) -> Value {
    let lines = work.state.orders.get(id).map_or(&[][..], |order| &order.lines);
    list::embedded(&line_items_url(id), lines)
}

/// Writes the amounts that are due immediately, which are 0 during a trial, and the discount. A session without lines, which
/// saves a payment method, has none.
pub(crate) fn set_amounts(session: &mut Value, order: &Order) {
    if order.lines.is_empty() {
        return;
    }
    let sum = |field: &str| -> i64 {
        let amounts = order.lines.iter().filter_map(|line| line[field].as_i64());
        if order.trial.is_some() { 0 } else { amounts.sum() }
    };
    session["amount_subtotal"] = sum("amount_subtotal").into();
    session["amount_total"] = sum("amount_total").into();
    session["total_details"] =
        json!({ "amount_discount": sum("amount_discount"), "amount_shipping": 0, "amount_tax": sum("amount_tax") });
    let discount = |coupon: &String| match &order.promotion_code {
        // A code names its coupon, so that only one of both is shown.
        Some(code) => json!({ "coupon": null, "promotion_code": code }),
        None => json!({ "coupon": coupon, "promotion_code": null }),
    };
    session["discounts"] = order.coupon.iter().map(discount).collect();
}

/// Expires an open session. Other sessions do not change.
pub(crate) fn lapse(work: &mut Work<'_>, id: &str) {
    if work.get(Kind::Session, id)["status"] != "open" {
        return;
    }
    let Change { after: session, .. } = work.change(Kind::Session, id, |session| {
        session["status"] = "expired".into();
        session["url"] = Value::Null;
    });
    event::emit(work, "checkout.session.expired", &session);
    if session["mode"] == "setup" {
        setup_intent::cancel(work, &text(&session, "setup_intent"));
    }
}
