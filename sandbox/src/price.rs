//! Prices, and the catalogue that every sandbox begins with: three monthly plans.

use serde_json::{Value, json};

use crate::{kind::Kind, product, state::State, work::text};

/// Name, key and cents a month of each plan.
const PLANS: [(&str, &str, i64); 3] = [("Core", "core", 499), ("Pro", "pro", 1499), ("Studio", "studio", 2999)];

/// Puts the catalogue on the shelves of a new account: `price_core`, `price_pro` and `price_studio` with their products.
pub(crate) fn stock(state: &mut State, now: i64) {
    for (name, key, cents) in PLANS {
        state.put(Kind::Product, stocked(name, key, now));
        state.put(Kind::Price, monthly(key, cents, now));
    }
}

fn stocked(name: &str, key: &str, now: i64) -> Value {
    let mut product = product::render(&format!("prod_{key}"), name, now);
    product["default_price"] = format!("price_{key}").into();
    product
}

fn monthly(key: &str, cents: i64, now: i64) -> Value {
    let mut price = one_time(&format!("prod_{key}"), "usd", cents);
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

/// A price without id and time, as checkout sessions make them from `price_data`: inactive, since it sells only once.
pub(crate) fn one_time(product: &str, currency: &str, cents: i64) -> Value {
    json!({
        "id": null,
        "object": "price",
        "active": false,
        "billing_scheme": "per_unit",
        "created": null,
        "currency": currency,
        "custom_unit_amount": null,
        "livemode": false,
        "lookup_key": null,
        "metadata": {},
        "nickname": null,
        "product": product,
        "recurring": null,
        "tax_behavior": "unspecified",
        "tiers_mode": null,
        "transform_quantity": null,
        "type": "one_time",
        "unit_amount": cents,
        "unit_amount_decimal": cents.to_string(),
    })
}

/// A recurring price as the older object that subscription items still carry beside it.
pub(crate) fn plan(price: &Value) -> Value {
    json!({
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": false,
        "metadata": {},
        "meter": null,
        "nickname": null,
        "product": price["product"],
        "tiers_mode": null,
        "transform_usage": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    })
}

/// What the price sells, by name.
pub(crate) fn product_name(state: &State, price: &Value) -> String {
    state.find(Kind::Product, &text(price, "product")).map_or_else(String::new, |product| text(product, "name"))
}
