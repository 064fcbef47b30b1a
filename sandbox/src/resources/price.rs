//! Prices (docs.stripe.com/api/prices).

use serde_json::{Value, json};

use crate::store::{kind::Kind, state::State, work::text};

/// Renders a one-time price without an id and a time of creation, as checkout sessions create it from `price_data`:
/// inactive, since it is sold only once.
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

/// Renders a recurring price as a plan, the older object that subscription items still contain.
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

/// Returns the name of the product of a price.
pub(crate) fn product_name(state: &State, price: &Value) -> String {
    state.find(Kind::Product, &text(price, "product")).map_or_else(String::new, |product| text(product, "name"))
}
