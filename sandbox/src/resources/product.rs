//! Products (docs.stripe.com/api/products).

use serde_json::{Value, json};

use crate::{
    resources::event,
    store::{kind::Kind, work::Work},
};

/// Stores a new product and emits its event.
pub(crate) fn add(work: &mut Work<'_>, product: Value) -> Value {
    work.put(Kind::Product, product.clone());
    event::emit(work, "product.created", &product);
    product
}

/// Renders a product without a price.
pub(crate) fn render(id: &str, name: &str, now: i64) -> Value {
    json!({
        "id": id,
        "object": "product",
        "active": true,
        "created": now,
        "default_price": null,
        "description": null,
        "images": [],
        "livemode": false,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": null,
        "shippable": null,
        "statement_descriptor": null,
        "tax_code": null,
        "type": "service",
        "unit_label": null,
        "updated": now,
        "url": null,
    })
}
