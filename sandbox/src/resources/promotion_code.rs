//! Promotion codes: words that customers enter at checkout for a coupon (`docs.stripe.com/api/promotion_codes`).

use serde_json::{Value, json};

use crate::{
    resources::event,
    store::{
        kind::Kind,
        state::State,
        work::{Work, text},
    },
};

/// The terms of a new code.
#[derive(Default)]
pub(crate) struct Terms {
    pub(crate) code: String,
    pub(crate) coupon: String,
    pub(crate) customer: Option<String>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) max_redemptions: Option<i64>,
    pub(crate) first_time_transaction: bool,
}

/// Renders an active code.
pub(crate) fn render(id: &str, terms: &Terms, now: i64) -> Value {
    json!({
        "id": id,
        "object": "promotion_code",
        "active": true,
        "code": terms.code,
        "created": now,
        "customer": terms.customer,
        "customer_account": null,
        "expires_at": terms.expires_at,
        "livemode": false,
        "max_redemptions": terms.max_redemptions,
        "metadata": {},
        "promotion": { "coupon": terms.coupon, "type": "coupon" },
        "restrictions": {
            "first_time_transaction": terms.first_time_transaction,
            "minimum_amount": null,
            "minimum_amount_currency": null,
        },
        "times_redeemed": 0,
    })
}

/// Returns the active code with these letters, in upper or lower case.
pub(crate) fn with_letters<'a>(state: &'a State, code: &str) -> Option<&'a Value> {
    let same = |known: &&Value| known["code"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(code));
    state.all(Kind::PromotionCode).filter(|known| known["active"] == true).find(same)
}

/// Returns the reason that a customer cannot use a code now, or `None`.
pub(crate) fn obstacle(work: &Work<'_>, code: &Value, customer: &Value, currency: &str) -> Option<&'static str> {
    let coupon = work.get(Kind::Coupon, &text(&code["promotion"], "coupon"));
    let is_over = |moment: &Value| moment.as_i64().is_some_and(|at| at <= work.now);
    let is_used_up = |object: &Value| {
        let used = object["times_redeemed"].as_i64().unwrap_or_default();
        object["max_redemptions"].as_i64().is_some_and(|most| used >= most)
    };
    let is_new = || {
        let own = |object: &&Value| !customer.is_null() && object["customer"] == *customer;
        !work.state.all(Kind::Charge).filter(own).any(|charge| charge["paid"] == true)
            && !work.state.all(Kind::Invoice).filter(own).any(|invoice| invoice["status"] == "paid")
    };
    if is_over(&code["expires_at"]) || is_over(&coupon["redeem_by"]) || coupon["deleted"] == true {
        return Some("This code has expired.");
    }
    if is_used_up(code) || is_used_up(&coupon) {
        return Some("This code has already been redeemed.");
    }
    if !code["customer"].is_null() && code["customer"] != *customer {
        return Some("This code is invalid.");
    }
    if coupon["currency"].as_str().is_some_and(|other| other != currency) {
        return Some("This code is not valid for this currency.");
    }
    if code["restrictions"]["first_time_transaction"] == true && !is_new() {
        return Some("This code is only valid for a first purchase.");
    }
    None
}

/// Counts a redemption of a code.
pub(crate) fn redeem(work: &mut Work<'_>, id: &str) {
    let change = work.change(Kind::PromotionCode, id, |code| {
        code["times_redeemed"] = (code["times_redeemed"].as_i64().unwrap_or_default() + 1).into();
    });
    event::emit_change(work, "promotion_code.updated", &change);
}
