//! `expand[]`: replaces ids in a response by the objects that they name (`docs.stripe.com/api/expanding_objects`).

use serde_json::{Value, json};

use crate::{
    api::list,
    resources::{checkout_session, invoice_payment},
    store::{kind::Kind, problem::Problem, work::Work},
};

/// Maximum number of levels, as at Stripe.
const MAX_DEPTH: usize = 4;

/// Expands one path such as `latest_invoice.payments` or `data.customer`.
pub(crate) fn expand(work: &Work<'_>, answer: &mut Value, path: &str) -> Result<(), Problem> {
    let fields: Vec<&str> = path.split('.').collect();
    if fields.len() > MAX_DEPTH {
        let message = format!("You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}");
        return Err(Problem::invalid_parameter("expand", message));
    }
    walk(work, answer, &fields)
        .ok_or_else(|| Problem::invalid_parameter("expand", format!("This property cannot be expanded ({path}).")))
}

/// Expands a path in an object. Returns `None` if the path does not exist.
fn walk(work: &Work<'_>, object: &mut Value, path: &[&str]) -> Option<()> {
    let Some((field, rest)) = path.split_first() else {
        return Some(());
    };
    if let Some(property) = contained(work, object, field) {
        object[*field] = property;
    }
    let value = object.get_mut(*field)?;
    match value {
        Value::Null => return Some(()),
        Value::String(id) => *value = kind_of(field, id).and_then(|kind| work.state.find(kind, id))?.clone(),
        _ => {}
    }
    match value {
        Value::Array(elements) => elements.iter_mut().try_for_each(|element| walk(work, element, rest)),
        Value::Object(_) => walk(work, value, rest),
        _ => None,
    }
}

/// Returns the kind of an id. Coupons are recognised by the field, since their ids have no prefix.
fn kind_of(field: &str, id: &str) -> Option<Kind> {
    if field == "coupon" { Some(Kind::Coupon) } else { Kind::of(id) }
}

/// Returns a property that an object contains only when it is expanded.
fn contained(work: &Work<'_>, object: &Value, field: &str) -> Option<Value> {
    let id = object["id"].as_str()?;
    match (object["object"].as_str()?, field) {
        ("invoice", "payments") => {
            let payments: Vec<Value> = invoice_payment::of_invoice(work.state, id).cloned().collect();
            Some(list::whole(&format!("/v1/invoice_payments?invoice={id}"), &payments))
        }
        ("checkout.session", "line_items") => Some(checkout_session::line_items(work, id)),
        ("customer", "subscriptions") => {
            let own = work.state.all(Kind::Subscription).filter(|subscription| subscription["customer"] == id);
            let alive: Vec<Value> = own.filter(|subscription| subscription["status"] != "canceled").cloned().collect();
            Some(list::whole(&format!("/v1/customers/{id}/subscriptions"), &alive))
        }
        ("price", "currency_options") => {
            Some(json!({ object["currency"].as_str()?: { "unit_amount": object["unit_amount"] } }))
        }
        _ => None,
    }
}
