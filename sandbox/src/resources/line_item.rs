//! Line items of checkout sessions.

use serde_json::{Value, json};

use crate::{
    api::{form::Params, metadata},
    resources::{
        coupon,
        price::{self, product_name},
        tax,
    },
    store::{
        kind::Kind,
        order::Order,
        problem::Problem,
        work::{Work, text},
    },
};

const MAX_LINES: usize = 100;

pub(crate) const MAX_QUANTITY: i64 = 999_999;

/// Stripe's largest amount, eight digits.
const MAX_AMOUNT: i64 = 99_999_999;

/// Takes `line_items` from a request, with the prices that `mode` allows: recurring ones for `subscription`, one-time
/// ones for `payment`.
pub(crate) fn read_all(work: &Work<'_>, params: &mut Params, mode: &str) -> Result<Vec<Value>, Problem> {
    let given = params.children("line_items")?;
    if given.is_empty() {
        return Err(Problem::missing_parameter("line_items"));
    }
    if given.len() > MAX_LINES {
        return Err(Problem::invalid_parameter("line_items", format!("At most {MAX_LINES} line items are allowed.")));
    }
    let lines = given.into_iter().map(|line| read(work, line, mode)).collect::<Result<Vec<_>, _>>()?;
    let recurring = |line: &Value| {
        (line["price"]["recurring"]["interval"].clone(), line["price"]["recurring"]["interval_count"].clone())
    };
    if lines.iter().any(|line| recurring(line) != recurring(&lines[0])) {
        let message = "The sandbox does not mix billing intervals in one subscription.";
        return Err(Problem::invalid_parameter("line_items", message));
    }
    let currency = &lines[0]["currency"];
    if lines.iter().any(|line| line["currency"] != *currency) {
        let message = "All line items must have the same currency.";
        return Err(Problem::invalid_parameter("line_items", message));
    }
    Ok(lines)
}

fn read(work: &Work<'_>, mut line: Params, mode: &str) -> Result<Value, Problem> {
    let (price, description) = match (line.text("price")?, line.child("price_data")?) {
        (Some(id), None) => {
            let price = work.state.named_in(&line.name_of("price"), Kind::Price, &id)?;
            let name = product_name(work.state, &price);
            (price, name)
        }
        (None, Some(data)) => inline_price(work, data)?,
        _ => {
            let name = line.name_of("price");
            return Err(Problem::invalid_parameter(&name, "You must specify either `price` or `price_data`."));
        }
    };
    let quantity_name = line.name_of("quantity");
    let quantity = line.integer("quantity")?.ok_or_else(|| Problem::missing_parameter(&quantity_name))?;
    if !(1..=MAX_QUANTITY).contains(&quantity) {
        let message = format!("Quantity must be between 1 and {MAX_QUANTITY}.");
        return Err(Problem::invalid_parameter(&quantity_name, message));
    }
    line.ignore(&["adjustable_quantity", "tax_rates", "dynamic_tax_rates"]);
    line.finish()?;
    fits_mode(&line, &price, mode)?;
    let amount = quantity * price["unit_amount"].as_i64().unwrap_or_default();
    Ok(json!({
        "id": work.random("li_", 24),
        "object": "item",
        "adjustable_quantity": null,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": description,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": quantity,
        "taxes": [],
    }))
}

/// Computes the discounts, taxes and totals of an order's lines.
pub(crate) fn reckon(work: &Work<'_>, order: &mut Order) {
    let mut left = order.coupon.as_deref().map_or(Value::Null, |coupon| work.get(Kind::Coupon, coupon));
    for line in &mut order.lines {
        let subtotal = line["amount_subtotal"].as_i64().unwrap_or_default();
        let off = coupon::off(&left, subtotal);
        if let Some(amount) = left["amount_off"].as_i64() {
            left["amount_off"] = (amount - off).into();
        }
        let inclusive = tax::is_inclusive(work.state, &line["price"]);
        let tax = if order.automatic_tax { tax::on(work.state.tax, subtotal - off, inclusive) } else { 0 };
        line["amount_discount"] = off.into();
        line["amount_tax"] = tax.into();
        line["amount_total"] = (subtotal - off + if inclusive { 0 } else { tax }).into();
    }
}

fn fits_mode(line: &Params, price: &Value, mode: &str) -> Result<(), Problem> {
    let recurring = price["type"] == "recurring";
    if recurring == (mode == "subscription") {
        return Ok(());
    }
    let message = if recurring {
        "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices."
    } else {
        "You must provide recurring prices in `subscription` mode. This sandbox does not mix them with one-time prices."
    };
    Err(Problem::invalid_parameter(&line.name_of("price"), message))
}

/// Returns a price for this session only, with the name of its product. It is not listed with the prices of the catalogue.
fn inline_price(work: &Work<'_>, mut data: Params) -> Result<(Value, String), Problem> {
    let currency = data.required_text("currency")?.to_lowercase();
    if currency.len() != 3 || !currency.chars().all(|char| char.is_ascii_lowercase()) {
        return Err(Problem::invalid_parameter(&data.name_of("currency"), format!("Invalid currency: {currency}")));
    }
    let amount_name = data.name_of("unit_amount");
    let cents = data.integer("unit_amount")?.ok_or_else(|| Problem::missing_parameter(&amount_name))?;
    if !(0..=MAX_AMOUNT).contains(&cents) {
        return Err(Problem::invalid_parameter(&amount_name, format!("Amount must be between 0 and {MAX_AMOUNT}.")));
    }
    let (product, name) = match (data.text("product")?, data.child("product_data")?) {
        (Some(id), None) => {
            let product = work.state.named_in(&data.name_of("product"), Kind::Product, &id)?;
            (id, text(&product, "name"))
        }
        (None, Some(mut product)) => {
            let name = product.required_text("name")?;
            metadata::of_new(&mut product)?;
            product.ignore(&["description", "images", "tax_code", "unit_label"]);
            product.finish()?;
            (work.new_id(Kind::Product), name)
        }
        _ => {
            let message = "You must specify either `product` or `product_data`.";
            return Err(Problem::invalid_parameter(&data.name_of("product_data"), message));
        }
    };
    data.ignore(&["tax_behavior"]);
    data.finish()?;
    let mut price = price::one_time(&product, &currency, cents);
    price["id"] = work.new_id(Kind::Price).into();
    price["created"] = work.now.into();
    Ok((price, name))
}
