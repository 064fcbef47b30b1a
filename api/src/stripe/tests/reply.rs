//! The smallest replies that async-stripe accepts.

use serde_json::{Value, json};

pub(super) fn customer() -> Value {
    json!({"id": "cus_1", "object": "customer", "created": 1_790_000_000, "livemode": false})
}

pub(super) fn session() -> Value {
    json!({
        "id": "cs_1", "object": "checkout.session", "mode": "payment", "status": "open", "payment_status": "unpaid",
        "customer": "cus_1", "amount_total": 500, "currency": "usd", "url": "https://checkout.example/cs_1",
        "expires_at": 1_790_086_400, "created": 1_790_000_000, "livemode": false, "metadata": {"user_id": "7"},
        "automatic_tax": {"enabled": false}, "custom_fields": [], "custom_text": {}, "payment_method_types": ["card"],
        "shipping_options": [],
    })
}

pub(super) fn subscription() -> Value {
    let price = json!({
        "id": "price_core", "object": "price", "active": true, "billing_scheme": "per_unit", "currency": "usd",
        "created": 1_790_000_000, "livemode": false, "metadata": {}, "product": "prod_1", "type": "recurring",
    });
    let plan = json!({
        "id": "price_core", "object": "plan", "active": true, "billing_scheme": "per_unit", "currency": "usd",
        "created": 1_790_000_000, "interval": "month", "interval_count": 1, "livemode": false,
        "usage_type": "licensed",
    });
    let item = json!({
        "id": "si_1", "object": "subscription_item", "created": 1_790_000_000, "discounts": [], "metadata": {},
        "current_period_start": 1_790_000_000, "current_period_end": 1_792_592_000, "subscription": "sub_1",
        "price": price, "plan": plan,
    });
    json!({
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "created": 1_790_000_000,
        "items": {"object": "list", "data": [item], "has_more": false, "url": "/v1/subscription_items"},
        "cancel_at_period_end": true, "cancel_at": 1_792_592_000, "canceled_at": 1_790_000_100,
        "collection_method": "charge_automatically", "latest_invoice": "in_1", "livemode": false,
        "metadata": {"tier": "CORE", "user_id": "7"}, "automatic_tax": {"enabled": false}, "currency": "usd",
        "billing_cycle_anchor": 1_790_000_000, "billing_mode": {"type": "flexible"}, "billing_schedules": [],
        "discounts": [], "invoice_settings": {"issuer": {"type": "self"}}, "start_date": 1_790_000_000,
    })
}
