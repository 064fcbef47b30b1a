//! Calls on prices (docs.stripe.com/api/prices).

use serde_json::{Value, json};

use crate::{
    api::{call::Call, form::Params, list::Query, metadata},
    resources::{event, price, product},
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::{Work, text},
    },
};

const INTERVALS: [&str; 4] = ["day", "week", "month", "year"];

const MAX_KEY_CHARS: usize = 200;

/// `POST /v1/prices`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let currency = params.required_text("currency")?.to_lowercase();
    let cents = params.integer("unit_amount")?.ok_or_else(|| Problem::missing_parameter("unit_amount"))?;
    let recurring = recurring(params)?;
    let mut price = price::one_time("", &currency, cents);
    price["active"] = params.boolean("active")?.unwrap_or(true).into();
    price["nickname"] = params.text("nickname")?.into();
    price["metadata"] = metadata::of_new(params)?.into();
    if let Some(recurring) = recurring {
        price["recurring"] = recurring;
        price["type"] = "recurring".into();
    }
    let key = params.text("lookup_key")?;
    let transfer = params.boolean("transfer_lookup_key")?.unwrap_or_default();
    check_key(&call.work, key.as_deref(), transfer)?;
    let (product, name) = product(&call.work, params)?;
    if let Some(behavior) = tax_behavior(params)? {
        price["tax_behavior"] = behavior.into();
    }
    params.ignore(&["billing_scheme"]);
    params.finish()?;

    let work = &mut call.work;
    let product = product.unwrap_or_else(|| {
        let made = product::render(&work.new_id(Kind::Product), &name, work.now);
        text(&product::add(work, made), "id")
    });
    price["id"] = work.new_id(Kind::Price).into();
    price["created"] = work.now.into();
    price["product"] = product.into();
    set_key(work, &mut price, key);
    work.put(Kind::Price, price.clone());
    event::emit(work, "price.created", &price);
    Ok(price)
}

/// Takes `tax_behavior` from a request.
pub(crate) fn tax_behavior(params: &mut Params) -> Result<Option<String>, Problem> {
    let behavior = params.text("tax_behavior")?;
    if behavior.as_deref().is_none_or(|behavior| ["exclusive", "inclusive", "unspecified"].contains(&behavior)) {
        return Ok(behavior);
    }
    let message = "Invalid tax_behavior: must be one of exclusive, inclusive, or unspecified";
    Err(Problem::invalid_parameter("tax_behavior", message))
}

fn recurring(params: &mut Params) -> Result<Option<Value>, Problem> {
    let Some(mut recurring) = params.child("recurring")? else {
        return Ok(None);
    };
    let interval = recurring.required_text("interval")?;
    if !INTERVALS.contains(&interval.as_str()) {
        let message = "Invalid recurring[interval]: must be one of day, month, week, or year";
        return Err(Problem::invalid_parameter("recurring[interval]", message));
    }
    let count = recurring.integer("interval_count")?.unwrap_or(1);
    recurring.ignore(&["usage_type"]);
    recurring.finish()?;
    Ok(Some(json!({
        "interval": interval,
        "interval_count": count,
        "meter": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    })))
}

/// Takes the product from a request: the id of an existing product, or the name of one to create.
fn product(work: &Work<'_>, params: &mut Params) -> Result<(Option<String>, String), Problem> {
    match (params.text("product")?, params.child("product_data")?) {
        (Some(id), None) => {
            work.state.named_in("product", Kind::Product, &id)?;
            Ok((Some(id), String::new()))
        }
        (None, Some(mut data)) => {
            let name = data.required_text("name")?;
            data.ignore(&["metadata", "statement_descriptor", "tax_code", "unit_label"]);
            data.finish()?;
            Ok((None, name))
        }
        _ => {
            let message = "You must specify either `product` or `product_data` when creating a price.";
            Err(Problem::invalid_parameter("product", message))
        }
    }
}

fn holder<'a>(work: &'a Work<'_>, key: &str) -> Option<&'a Value> {
    work.state.all(Kind::Price).find(|price| price["lookup_key"] == key)
}

/// Checks a lookup key. It belongs to one price at a time, and moves only with `transfer_lookup_key`.
fn check_key(work: &Work<'_>, key: Option<&str>, transfer: bool) -> Result<(), Problem> {
    let Some(key) = key else { return Ok(()) };
    if key.chars().count() > MAX_KEY_CHARS {
        let message = format!("A lookup key has at most {MAX_KEY_CHARS} characters.");
        return Err(Problem::invalid_parameter("lookup_key", message));
    }
    match holder(work, key) {
        Some(price) if !transfer => {
            let message = format!("A price (`{}`) already uses that lookup key.", text(price, "id"));
            Err(Problem::invalid_parameter("lookup_key", message))
        }
        _ => Ok(()),
    }
}

fn set_key(work: &mut Work<'_>, price: &mut Value, key: Option<String>) {
    let Some(key) = key else { return };
    if let Some(before) = holder(work, &key).map(|price| text(price, "id")) {
        work.change(Kind::Price, &before, |price| price["lookup_key"] = Value::Null);
    }
    price["lookup_key"] = key.into();
}

/// `POST /v1/prices/{id}`. The amount of a price never changes.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let mut price = call.work.state.named(Kind::Price, &id)?;
    let params = &mut call.params;
    let active = params.boolean("active")?;
    let nickname = params.unsettable("nickname")?;
    let metadata = metadata::read(params)?;
    let key = params.text("lookup_key")?;
    let transfer = params.boolean("transfer_lookup_key")?.unwrap_or_default();
    let behavior = tax_behavior(params)?;
    params.finish()?;
    let key = key.filter(|key| price["lookup_key"] != key.as_str());
    check_key(&call.work, key.as_deref(), transfer)?;
    if let Some(active) = active {
        price["active"] = active.into();
    }
    if let Some(behavior) = behavior {
        let is_specified = price["tax_behavior"] != "unspecified" && price["tax_behavior"] != behavior.as_str();
        if is_specified {
            let message = "tax_behavior cannot be changed once it is specified as either inclusive or exclusive.";
            return Err(Problem::invalid_parameter("tax_behavior", message));
        }
        price["tax_behavior"] = behavior.into();
    }
    if let Some(nickname) = nickname {
        price["nickname"] = if nickname.is_empty() { Value::Null } else { nickname.into() };
    }
    metadata::apply_to(&mut price, metadata);
    set_key(&mut call.work, &mut price, key);
    let change = call.work.change(Kind::Price, &id, |old| *old = price);
    if change.before != change.after {
        event::emit_change(&mut call.work, "price.updated", &change);
    }
    Ok(change.after)
}

/// `GET /v1/prices`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let keys = params.texts("lookup_keys")?;
    let active = params.boolean("active")?;
    let query = Query::read(params, &[("product", "/product"), ("currency", "/currency"), ("type", "/type")])?;
    params.finish()?;
    query.answer(call.work.state, Kind::Price, |price| {
        let of_key = keys.is_empty() || keys.contains(&text(price, "lookup_key"));
        of_key && active.is_none_or(|active| price["active"] == active)
    })
}
