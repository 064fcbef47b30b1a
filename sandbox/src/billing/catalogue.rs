//! The catalogue that every sandbox starts with: three monthly plans, and three promotion codes.

use serde_json::{Value, json};

use crate::{
    resources::{
        coupon, price, product,
        promotion_code::{self, Terms},
    },
    store::{kind::Kind, state::State},
};

/// Name, lookup key and monthly price in cents of each plan.
const PLANS: [(&str, &str, i64); 3] = [("Core", "core", 499), ("Pro", "pro", 1499), ("Studio", "studio", 2999)];

/// Code, percentage and amount off in cents of each promotion, for the first invoice.
const CODES: [(&str, Option<f64>, Option<i64>); 3] =
    [("SAVE20", Some(20.0), None), ("MINUS2", None, Some(200)), ("FIRSTFREE", Some(100.0), None)];

/// Adds the catalogue to a new account: `price_core`, `price_pro` and `price_studio` with their products, and the
/// promotion codes with their coupons.
pub(crate) fn seed(state: &mut State, now: i64) {
    for (code, percent_off, amount_off) in CODES {
        let worth =
            json!({ "percent_off": percent_off, "amount_off": amount_off, "currency": amount_off.map(|_| "usd") });
        state.put(Kind::Coupon, coupon::render(code, &worth, now));
        let terms = Terms { code: code.to_owned(), coupon: code.to_owned(), ..Terms::default() };
        let id = format!("promo_{}", code.to_lowercase());
        state.put(Kind::PromotionCode, promotion_code::render(&id, &terms, now));
    }
    for (name, key, cents) in PLANS {
        state.put(Kind::Product, plan_product(name, key, now));
        state.put(Kind::Price, plan_price(key, cents, now));
    }
}

fn plan_product(name: &str, key: &str, now: i64) -> Value {
    let mut product = product::render(&format!("prod_{key}"), name, now);
    product["default_price"] = format!("price_{key}").into();
    product
}

fn plan_price(key: &str, cents: i64, now: i64) -> Value {
    let mut price = price::one_time(&format!("prod_{key}"), "usd", cents);
    price["id"] = format!("price_{key}").into();
    price["active"] = true.into();
    price["created"] = now.into();
    price["lookup_key"] = key.into();
    price["type"] = "recurring".into();
    price["recurring"] = json!({
        "interval": "month",
        "interval_count": 1,
        "meter": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    });
    price
}
