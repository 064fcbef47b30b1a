//! Promotion codes at checkout: a customer enters one, and the amounts of the session follow
//! (docs.stripe.com/payments/checkout/discounts).

use crate::{
    resources::{checkout_session, line_item, promotion_code},
    store::{
        kind::Kind,
        order::Order,
        work::{Work, text},
    },
};

const INVALID: &str = "This code is invalid.";

/// Applies a code to an open session.
///
/// # Errors
/// The reason, as a sentence for the customer, if the code cannot be used.
pub(crate) fn apply(work: &mut Work<'_>, session: &str, code: &str) -> Result<(), &'static str> {
    let stored = work.get(Kind::Session, session);
    if stored["status"] != "open" || stored["allow_promotion_codes"] != true {
        return Err(INVALID);
    }
    let code = promotion_code::with_letters(work.state, code.trim()).cloned().ok_or(INVALID)?;
    if let Some(obstacle) = promotion_code::obstacle(work, &code, &stored["customer"], &text(&stored, "currency")) {
        return Err(obstacle);
    }
    change(work, session, |order| {
        order.coupon = Some(text(&code["promotion"], "coupon"));
        order.promotion_code = Some(text(&code, "id"));
    });
    Ok(())
}

/// Removes the code that a customer entered at an open session.
pub(crate) fn remove(work: &mut Work<'_>, session: &str) {
    let is_open = work.get(Kind::Session, session)["status"] == "open";
    let has_code = work.state.orders.get(session).is_some_and(|order| order.promotion_code.is_some());
    if is_open && has_code {
        change(work, session, |order| {
            order.coupon = None;
            order.promotion_code = None;
        });
    }
}

fn change(work: &mut Work<'_>, session: &str, change: impl FnOnce(&mut Order)) {
    let Some(mut order) = work.state.orders.get(session).cloned() else { return };
    change(&mut order);
    line_item::reckon(work, &mut order);
    work.change(Kind::Session, session, |session| checkout_session::set_amounts(session, &order));
    work.state.orders.insert(session.to_owned(), order);
}
