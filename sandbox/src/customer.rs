//! Customers (docs.stripe.com/api/customers).

use serde_json::{Map, Value, json};

use crate::{
    call::{Answer, Call},
    cancellation,
    card::Card,
    event,
    form::Params,
    kind::Kind,
    metadata,
    problem::Problem,
    subscription::has_ended,
    work::{Work, text},
};

/// Text fields that can be set, changed and unset.
const FIELDS: [&str; 4] = ["description", "email", "name", "phone"];
/// Parameters that Stripe knows and that change nothing here.
const WITHOUT_EFFECT: [&str; 6] = ["address", "preferred_locales", "shipping", "tax", "tax_exempt", "tax_id_data"];
const MAX_SEARCH_RESULTS: usize = 100;
const MAX_EMAIL_BYTES: usize = 512;

/// `POST /v1/customers`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let mut fields = fields(&mut call.params)?;
    let metadata = metadata::of_new(&mut call.params)?;
    if let Some(clock) = call.params.text("test_clock")? {
        call.work.state.named_in("test_clock", Kind::TestClock, &clock)?;
        fields.push(("test_clock", clock.into()));
    }
    call.params.ignore(&["invoice_settings"]);
    call.params.ignore(&WITHOUT_EFFECT);
    call.params.finish()?;
    Ok(add(&mut call.work, fields, &metadata))
}

/// A new customer with these fields.
pub(crate) fn add(work: &mut Work<'_>, fields: Vec<(&str, Value)>, metadata: &Map<String, Value>) -> Value {
    let mut customer = json!({
        "id": work.new_id(Kind::Customer),
        "object": "customer",
        "address": null,
        "balance": 0,
        "created": work.now,
        "currency": null,
        "default_source": null,
        "delinquent": false,
        "description": null,
        "discount": null,
        "email": null,
        "invoice_prefix": work.random("", 8).to_uppercase(),
        "invoice_settings": {
            "custom_fields": null,
            "default_payment_method": null,
            "footer": null,
            "rendering_options": null,
        },
        "livemode": false,
        "metadata": metadata,
        "name": null,
        "next_invoice_sequence": 1,
        "phone": null,
        "preferred_locales": [],
        "shipping": null,
        "tax_exempt": "none",
        "test_clock": null,
    });
    set(&mut customer, fields);
    work.put(Kind::Customer, customer.clone());
    event::emit(work, "customer.created", &customer);
    customer
}

fn fields(params: &mut Params) -> Result<Vec<(&'static str, Value)>, Problem> {
    let mut fields = Vec::new();
    for field in FIELDS {
        if let Some(value) = params.unsettable(field)? {
            if field == "email" && !value.is_empty() {
                check_email("email", &value)?;
            }
            let value = if value.is_empty() { Value::Null } else { value.into() };
            fields.push((field, value));
        }
    }
    Ok(fields)
}

/// Refuses what cannot be an email address, among it every address that is not ASCII.
pub(crate) fn check_email(param: &str, email: &str) -> Result<(), Problem> {
    let (user, domain) = email.split_once('@').unwrap_or_default();
    let is_named = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    let is_plain = email.is_ascii() && !email.contains(char::is_whitespace) && !domain.contains('@');
    if is_plain && is_named && !user.is_empty() && email.len() <= MAX_EMAIL_BYTES {
        return Ok(());
    }
    Err(Problem::invalid_parameter_with_code(param, "email_invalid", &format!("Invalid email address: {email}")))
}

fn set(customer: &mut Value, fields: Vec<(&str, Value)>) {
    for (field, value) in fields {
        customer[field] = value;
    }
}

/// `POST /v1/customers/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    existing(call, &id)?;
    let fields = fields(&mut call.params)?;
    let metadata = metadata::read(&mut call.params)?;
    let method = default_method(call, &id)?;
    call.params.ignore(&WITHOUT_EFFECT);
    call.params.finish()?;
    let change = call.work.change(Kind::Customer, &id, |customer| {
        set(customer, fields);
        if let Some(method) = method {
            customer["invoice_settings"]["default_payment_method"] = method.into();
        }
        metadata::apply_to(customer, metadata);
    });
    if change.0 != change.1 {
        event::emit_change(&mut call.work, "customer.updated", &change);
    }
    Ok(change.1)
}

/// Takes `invoice_settings[default_payment_method]` from a request.
fn default_method(call: &mut Call<'_>, id: &str) -> Result<Option<String>, Problem> {
    let Some(mut settings) = call.params.child("invoice_settings")? else {
        return Ok(None);
    };
    let method = settings.text("default_payment_method")?;
    settings.ignore(&["custom_fields", "footer", "rendering_options"]);
    settings.finish()?;
    method.map(|method| Card::attached(&mut call.work, &method, &id.into())).transpose()
}

/// `DELETE /v1/customers/{id}`: the customer's subscriptions end with it.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let customer = existing(call, &id)?;
    call.params.finish()?;
    cancellation::end_all_of(&mut call.work, &id);
    let stub = json!({ "id": id, "object": "customer", "deleted": true });
    call.work.put(Kind::Customer, stub.clone());
    event::emit(&mut call.work, "customer.deleted", &customer);
    Ok(stub)
}

fn existing(call: &Call<'_>, id: &str) -> Answer {
    let customer = call.work.state.named(Kind::Customer, id)?;
    if customer["deleted"] == true { Err(Problem::no_such(Kind::Customer, id)) } else { Ok(customer) }
}

/// `GET /v1/customers`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    call.list(Kind::Customer, &[("email", "/email")])
}

/// `GET /v1/customers/search`: clauses such as `email:'a@b.example'` or `metadata['user_id']:'7'`, joined by `AND`.
/// Unlike Stripe's it finds at once what was just written.
pub(crate) fn search(call: &mut Call<'_>) -> Answer {
    let query = call.params.required_text("query")?;
    call.params.ignore(&["limit", "page"]);
    call.params.finish()?;
    let clauses: Option<Vec<_>> = query.split(" AND ").map(clause).collect();
    let unsupported = || Problem::invalid_parameter("query", "We were unable to parse your search query.");
    let clauses = clauses.ok_or_else(unsupported)?;
    let matches = |customer: &&Value| {
        let holds = |(path, wanted): &(Vec<String>, String)| {
            let value = path.iter().fold(*customer, |value, key| &value[key.as_str()]);
            value.as_str() == Some(wanted)
        };
        customer["deleted"] != true && clauses.iter().all(holds)
    };
    let found: Vec<&Value> =
        call.work.state.all(Kind::Customer).rev().filter(matches).take(MAX_SEARCH_RESULTS).collect();
    let url = "/v1/customers/search";
    Ok(json!({ "object": "search_result", "data": found, "has_more": false, "next_page": null, "url": url }))
}

/// The path to a field, and what it has to be.
fn clause(text: &str) -> Option<(Vec<String>, String)> {
    let (field, wanted) = text.trim().split_once(':')?;
    let wanted = unquote(wanted)?.to_owned();
    if let Some(key) = field.strip_prefix("metadata[").and_then(|rest| rest.strip_suffix(']')) {
        return Some((vec!["metadata".to_owned(), unquote(key)?.to_owned()], wanted));
    }
    FIELDS.contains(&field).then(|| (vec![field.to_owned()], wanted))
}

fn unquote(text: &str) -> Option<&str> {
    ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

/// The customer's email, empty when it has none or is not there.
pub(crate) fn email_of(work: &Work<'_>, id: &str) -> String {
    text(&work.get(Kind::Customer, id), "email")
}

/// Refuses another currency than the one that the customer is billed in. It stays free to choose as long as nothing of the
/// customer is active (docs.stripe.com/billing/customer, "Currency").
pub(crate) fn check_currency(work: &Work<'_>, id: &str, currency: &str) -> Result<(), Problem> {
    let billed = work.state.all(Kind::Subscription).filter(|subscription| subscription["customer"] == id);
    let waiting = work.state.all(Kind::InvoiceItem).filter(|item| item["customer"] == id && item["invoice"].is_null());
    let mut active = billed.filter(|subscription| !has_ended(subscription)).chain(waiting);
    match active.find(|object| object["currency"] != currency) {
        None => Ok(()),
        Some(other) => {
            let other = text(other, "currency");
            Err(Problem::not_now(format!(
                "You cannot combine currencies on a single customer. This customer has an active subscription, subscription schedule, discount, quote, or invoice item with currency {other}."
            )))
        }
    }
}

/// Adds to the customer's balance; what the customer has to their credit is negative.
pub(crate) fn change_balance(work: &mut Work<'_>, id: &str, by: i64) {
    let change = work.change(Kind::Customer, id, |customer| {
        customer["balance"] = (customer["balance"].as_i64().unwrap_or_default() + by).into();
    });
    event::emit_change(work, "customer.updated", &change);
}

/// Uses the customer's balance for an invoice that becomes final: a credit (negative) pays for it as far as it goes, and what
/// the invoice itself credits is kept for the next one. Answers with the balance before and after
/// (docs.stripe.com, "Customer invoice balance").
pub(crate) fn use_balance(work: &mut Work<'_>, invoice: &Value) -> (i64, i64) {
    let id = text(invoice, "customer");
    let before = work.get(Kind::Customer, &id)["balance"].as_i64().unwrap_or_default();
    let after = (before + invoice["total"].as_i64().unwrap_or_default()).min(0);
    if before != after {
        let change = work.change(Kind::Customer, &id, |customer| customer["balance"] = after.into());
        event::emit_change(work, "customer.updated", &change);
    }
    (before, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_a_name_at_a_domain() {
        for good in ["ada@example.com", "a+b@sub.example.org"] {
            assert_eq!(check_email("email", good), Ok(()), "{good}");
        }
        for bad in
            ["ada", "@example.com", "ada@localhost", "a b@example.com", "a@b@c.com", "ada@x..y", "\u{e4}@example.com"]
        {
            assert!(check_email("email", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn search_clauses_name_a_field_or_a_metadata_key() {
        let key = clause("metadata['user_id']:'7'").unwrap();
        assert_eq!(key, (vec!["metadata".to_owned(), "user_id".to_owned()], "7".to_owned()));
        assert_eq!(clause("email:\"a@b.example\"").unwrap().1, "a@b.example");
        assert_eq!(clause("balance:'1'"), None);
        assert_eq!(clause("nonsense"), None);
    }
}
