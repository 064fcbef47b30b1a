//! Checkout sessions: their line items and their expiry (docs.stripe.com/api/checkout/sessions).

use serde_json::Value;

use crate::{
    api::list,
    resources::event,
    store::{
        kind::Kind,
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
