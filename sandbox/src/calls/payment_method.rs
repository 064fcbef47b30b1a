//! Calls on payment methods (`docs.stripe.com/api/payment_methods`).

use serde_json::Value;

use crate::{
    api::{call::Call, list::Query},
    resources::payment_method,
    store::{
        kind::Kind,
        problem::{Answer, Problem},
    },
};

/// `POST /v1/payment_methods/{id}/attach`, for a method of no customer.
pub(crate) fn attach(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let method = call.work.state.named(Kind::PaymentMethod, &id)?;
    let customer = call.params.required_text("customer")?;
    call.work.state.named_in("customer", Kind::Customer, &customer)?;
    call.params.finish()?;
    if method["customer"] == customer.as_str() {
        return Ok(method);
    }
    if !method["customer"].is_null() {
        return Err(Problem::not_now("The payment method you provided has already been attached to a customer."));
    }
    Ok(payment_method::attach(&mut call.work, &id, &Value::from(customer)))
}

/// `POST /v1/payment_methods/{id}/detach`.
pub(crate) fn detach(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let method = call.work.state.named(Kind::PaymentMethod, &id)?;
    call.params.finish()?;
    if method["customer"].is_null() {
        return Err(Problem::not_now(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    }
    Ok(payment_method::detach(&mut call.work, &id))
}

/// `GET /v1/customers/{id}/payment_methods`.
pub(crate) fn list_of_customer(call: &mut Call<'_>) -> Answer {
    let customer = call.id();
    call.work.state.named(Kind::Customer, &customer)?;
    let query = Query::read(&mut call.params, &[("type", "/type")])?;
    call.params.finish()?;
    query.answer(call.work.state, Kind::PaymentMethod, |method| method["customer"] == customer.as_str())
}
