//! Customers (docs.stripe.com/api/customers).

use serde_json::{Map, Value, json};

use crate::{
    resources::{event, subscription::has_ended},
    store::{
        kind::Kind,
        problem::Problem,
        work::{Work, text},
    },
};

/// Text fields that can be set, changed and unset.
pub(crate) const FIELDS: [&str; 4] = ["description", "email", "name", "phone"];

const MAX_EMAIL_BYTES: usize = 512;

/// Creates a customer with these fields.
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

/// Refuses invalid email addresses. An address has to be ASCII.
pub(crate) fn check_email(param: &str, email: &str) -> Result<(), Problem> {
    let (user, domain) = email.split_once('@').unwrap_or_default();
    let is_named = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    let is_plain = email.is_ascii() && !email.contains(char::is_whitespace) && !domain.contains('@');
    if is_plain && is_named && !user.is_empty() && email.len() <= MAX_EMAIL_BYTES {
        return Ok(());
    }
    Err(Problem::invalid_parameter_with_code(param, "email_invalid", &format!("Invalid email address: {email}")))
}

pub(crate) fn set(customer: &mut Value, fields: Vec<(&str, Value)>) {
    for (field, value) in fields {
        customer[field] = value;
    }
}

/// Returns the customer's email; empty if there is none or the customer does not exist.
pub(crate) fn email_of(work: &Work<'_>, id: &str) -> String {
    text(&work.get(Kind::Customer, id), "email")
}

/// Refuses a currency other than the one that the customer is billed in. Any currency is allowed while the customer has
/// no active subscription and no pending invoice item (docs.stripe.com/billing/customer, "Currency").
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

/// Saves the address that was entered at checkout. The sandbox's page asks for none, so it is always the same.
pub(crate) fn save_address(work: &mut Work<'_>, id: &str) {
    let change = work.change(Kind::Customer, id, |customer| {
        if customer["address"].is_null() {
            customer["address"] = json!({
                "city": "San Francisco",
                "country": "US",
                "line1": "510 Townsend Street",
                "line2": null,
                "postal_code": "94103",
                "state": "CA",
            });
        }
    });
    if change.before != change.after {
        event::emit_change(work, "customer.updated", &change);
    }
}

/// Adds to the customer's balance. A credit is negative.
pub(crate) fn change_balance(work: &mut Work<'_>, id: &str, by: i64) {
    let change = work.change(Kind::Customer, id, |customer| {
        customer["balance"] = (customer["balance"].as_i64().unwrap_or_default() + by).into();
    });
    event::emit_change(work, "customer.updated", &change);
}

/// The balances of a customer before and after an invoice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Balances {
    pub(crate) starting: i64,
    pub(crate) ending: i64,
}

/// Applies the customer's balance to an invoice that is finalized: a credit (negative) pays as much of it as possible,
/// and the total of a negative invoice becomes credit for the next one (docs.stripe.com, "Customer invoice balance").
pub(crate) fn use_balance(work: &mut Work<'_>, invoice: &Value) -> Balances {
    let id = text(invoice, "customer");
    let before = work.get(Kind::Customer, &id)["balance"].as_i64().unwrap_or_default();
    let after = (before + invoice["total"].as_i64().unwrap_or_default()).min(0);
    if before != after {
        let change = work.change(Kind::Customer, &id, |customer| customer["balance"] = after.into());
        event::emit_change(work, "customer.updated", &change);
    }
    Balances { starting: before, ending: after }
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
}
