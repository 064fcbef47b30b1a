//! Checkout sessions: their line items and their expiry (docs.stripe.com/api/checkout/sessions).

use serde_json::{Value, json};

use crate::{
    api::list,
    resources::event,
    store::{
        kind::Kind,
        order::Order,
        work::{Change, Work},
    },
};

/// Returns the path of the line items of a session.
pub(crate) fn line_items_url(id: &str) -> String {
    format!("/v1/checkout/sessions/{id}/line_items")
}

/// Renders the line items of a session as a list object.
pub(crate) fn line_items(work: &Work<'_>, id: &str) -> Value {
    let lines = work.state.orders.get(id).map_or(&[][..], |order| &order.lines);
    list::embedded(&line_items_url(id), lines)
}

/// Writes the amounts that are due immediately, which are 0 during a trial, and the discount.
pub(crate) fn set_amounts(session: &mut Value, order: &Order) {
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
}
