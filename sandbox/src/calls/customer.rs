//! Calls on customers (docs.stripe.com/api/customers).

use serde_json::{Value, json};

use crate::{
    api::{call::Call, form::Params, metadata},
    billing::cancellation,
    resources::{
        card::Card,
        customer::{self, FIELDS},
        event,
    },
    store::{
        kind::Kind,
        problem::{Answer, Problem},
    },
};

/// Parameters of Stripe that are accepted without effect.
const WITHOUT_EFFECT: [&str; 6] = ["address", "preferred_locales", "shipping", "tax", "tax_exempt", "tax_id_data"];

const MAX_SEARCH_RESULTS: usize = 100;

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
    Ok(customer::add(&mut call.work, fields, &metadata))
}

pub(crate) fn fields(params: &mut Params) -> Result<Vec<(&'static str, Value)>, Problem> {
    let mut fields = Vec::new();
    for field in FIELDS {
        if let Some(value) = params.unsettable(field)? {
            if field == "email" && !value.is_empty() {
                customer::check_email("email", &value)?;
            }
            let value = if value.is_empty() { Value::Null } else { value.into() };
            fields.push((field, value));
        }
    }
    Ok(fields)
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
        customer::set(customer, fields);
        if let Some(method) = method {
            customer["invoice_settings"]["default_payment_method"] = method.into();
        }
        metadata::apply_to(customer, metadata);
    });
    if change.before != change.after {
        event::emit_change(&mut call.work, "customer.updated", &change);
    }
    Ok(change.after)
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
/// Unlike Stripe's search, it finds new data immediately.
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

/// Parses a clause into the path of a field and its required value.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_clauses_name_a_field_or_a_metadata_key() {
        let key = clause("metadata['user_id']:'7'").unwrap();
        assert_eq!(key, (vec!["metadata".to_owned(), "user_id".to_owned()], "7".to_owned()));
        assert_eq!(clause("email:\"a@b.example\"").unwrap().1, "a@b.example");
        assert_eq!(clause("balance:'1'"), None);
        assert_eq!(clause("nonsense"), None);
    }
}
