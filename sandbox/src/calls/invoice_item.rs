//! Calls on invoice items (`docs.stripe.com/api/invoiceitems`).

use serde_json::{Value, json};

use crate::{
    api::{call::Call, form::Params, metadata},
    calls::price::tax_behavior,
    resources::{customer, draft_invoice, event, invoice_item, line_item::MAX_QUANTITY, price},
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::{Work, text},
    },
};

/// `POST /v1/invoiceitems`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let (work, params) = (&mut call.work, &mut call.params);
    let customer = params.required_text("customer")?;
    work.state.named_in("customer", Kind::Customer, &customer)?;
    let subscription = params.text("subscription")?;
    if let Some(id) = &subscription {
        work.state.named_in("subscription", Kind::Subscription, id)?;
    }
    let quantity = params.integer("quantity")?.unwrap_or(1);
    if !(1..=MAX_QUANTITY).contains(&quantity) {
        let message = format!("Quantity must be between 1 and {MAX_QUANTITY}.");
        return Err(Problem::invalid_parameter("quantity", message));
    }
    let (amount, currency) = (params.integer("amount")?, params.text("currency")?);
    let price = match params.child("pricing")? {
        None => None,
        Some(mut pricing) => {
            let id = pricing.required_text("price")?;
            pricing.finish()?;
            Some(work.state.named_in("pricing[price]", Kind::Price, &id)?)
        }
    };
    let mut item = match (amount, price) {
        (Some(amount), None) => {
            let currency = currency.ok_or_else(|| Problem::missing_parameter("currency"))?.to_lowercase();
            of_amount(work, amount, &currency)
        }
        (None, Some(price)) => of_price(work, &price, quantity),
        _ => return Err(Problem::malformed("You must pass exactly one of `amount` and `pricing`.")),
    };
    item["customer"] = customer.into();
    if let Some(description) = params.text("description")? {
        item["description"] = description.into();
    }
    if let Some(mut period) = params.child("period")? {
        for end in ["start", "end"] {
            item["period"][end] = period.integer(end)?.ok_or_else(|| Problem::missing_parameter("period"))?.into();
        }
        period.finish()?;
    }
    item["metadata"] = metadata::of_new(params)?.into();
    if let Some(subscription) = subscription {
        item["parent"] =
            json!({ "subscription_details": { "subscription": subscription }, "type": "subscription_details" });
    }
    let tax_behavior = tax_behavior(params)?;
    let draft = draft(work, params, &item)?;
    params.finish()?;
    customer::check_currency(work, &text(&item, "customer"), &text(&item, "currency"))?;
    if let Some(behavior) = tax_behavior {
        price_with_tax(work, &item, &behavior);
    }
    item["invoice"] = draft.clone().into();
    work.put(Kind::InvoiceItem, item.clone());
    event::emit(work, "invoiceitem.created", &item);
    if let Some(draft) = draft {
        let line = invoice_item::line(work, &item);
        draft_invoice::add(work, &draft, line);
    }
    Ok(item)
}

/// Takes `invoice` from a request: a draft of the customer, which gets the item at once.
fn draft(work: &Work<'_>, params: &mut Params, item: &Value) -> Result<Option<String>, Problem> {
    let Some(id) = params.text("invoice")? else { return Ok(None) };
    let invoice = work.state.named_in("invoice", Kind::Invoice, &id)?;
    if invoice["customer"] != item["customer"] || invoice["currency"] != item["currency"] {
        return Err(Problem::invalid_parameter(
            "invoice",
            "The invoice is of another customer or in another currency.",
        ));
    }
    if invoice["status"] != "draft" {
        let message = "This invoice is no longer editable";
        return Err(Problem::not_now_with_code("invoice_not_editable", message));
    }
    Ok(Some(id))
}

/// Stores the price of an item that has a tax behavior of its own, by which its line is taxed.
fn price_with_tax(work: &mut Work<'_>, item: &Value, behavior: &str) {
    let details = &item["pricing"]["price_details"];
    let mut price = price::one_time(&text(details, "product"), &text(item, "currency"), amount_of(item));
    price["id"] = details["price"].clone();
    price["created"] = work.now.into();
    price["tax_behavior"] = behavior.into();
    if work.state.find(Kind::Price, &text(details, "price")).is_none() {
        work.put(Kind::Price, price);
    }
}

fn amount_of(item: &Value) -> i64 {
    item["amount"].as_i64().unwrap_or_default()
}

/// Renders an item with an amount. Its price is created for it and is not listed.
fn of_amount(work: &Work<'_>, amount: i64, currency: &str) -> Value {
    let mut price = price::one_time(&work.new_id(Kind::Product), currency, amount);
    price["id"] = work.new_id(Kind::Price).into();
    of_price(work, &price, 1)
}

fn of_price(work: &Work<'_>, price: &Value, quantity: i64) -> Value {
    let amount = quantity * price["unit_amount"].as_i64().unwrap_or_default();
    json!({
        "id": work.new_id(Kind::InvoiceItem),
        "object": "invoiceitem",
        "amount": amount,
        "currency": price["currency"],
        "customer": null,
        "customer_account": null,
        "date": work.now,
        "description": price::product_name(work.state, price),
        "discountable": true,
        "discounts": [],
        "invoice": null,
        "livemode": false,
        "metadata": {},
        "net_amount": amount,
        "parent": null,
        "period": { "end": work.now, "start": work.now },
        "pricing": {
            "price_details": { "price": price["id"], "product": price["product"] },
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "proration": false,
        "proration_details": null,
        "quantity": quantity,
        "quantity_decimal": quantity.to_string(),
        "tax_rates": [],
        "test_clock": null,
    })
}

/// `DELETE /v1/invoiceitems/{id}`, while the item is not on an invoice.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let item = call.work.state.named(Kind::InvoiceItem, &id)?;
    call.params.finish()?;
    if !item["invoice"].is_null() || item["deleted"] == true {
        return Err(Problem::not_now("Only an invoice item that is not on an invoice can be deleted."));
    }
    call.work.change(Kind::InvoiceItem, &id, |item| item["deleted"] = true.into());
    event::emit(&mut call.work, "invoiceitem.deleted", &item);
    Ok(json!({ "id": id, "object": "invoiceitem", "deleted": true }))
}

/// `GET /v1/invoiceitems`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    call.list(Kind::InvoiceItem, &[("customer", "/customer"), ("invoice", "/invoice")])
}
