//! Changes of plan that wait for their payment (docs.stripe.com, "Pending updates").

use serde_json::Value;

use crate::{
    resources::{event, invoice, schedule, subscription::set_items},
    store::{
        kind::Kind,
        work::{Work, text},
    },
};

/// Applies a pending update whose invoice was paid.
pub(crate) fn apply(work: &mut Work<'_>, id: &str) {
    let change = work.change(Kind::Subscription, id, |subscription| {
        let items = subscription["pending_update"]["subscription_items"].clone();
        set_items(subscription, &items);
        subscription["pending_update"] = Value::Null;
    });
    event::emit_change(work, "customer.subscription.updated", &change);
    event::emit(work, "customer.subscription.pending_update_applied", &change.after);
    schedule::mirror(work, &change.after);
}

/// Withdraws a pending update that was not paid in time.
pub(crate) fn expire(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    let expires_at = subscription["pending_update"]["expires_at"].as_i64();
    if expires_at.is_some_and(|at| at <= work.now) {
        withdraw(work, id);
    }
}

/// Withdraws the pending update of a subscription, if there is one. Its invoice is voided, and the subscription keeps
/// its items.
pub(crate) fn withdraw(work: &mut Work<'_>, id: &str) {
    let subscription = work.get(Kind::Subscription, id);
    if subscription["pending_update"].is_null() {
        return;
    }
    let change = work.change(Kind::Subscription, id, |subscription| {
        subscription["pending_update"] = Value::Null;
    });
    invoice::give_up(work, &text(&subscription, "latest_invoice"), "void");
    event::emit_change(work, "customer.subscription.updated", &change);
    event::emit(work, "customer.subscription.pending_update_expired", &change.after);
}
