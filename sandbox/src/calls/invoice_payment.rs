//! Calls on invoice payments (docs.stripe.com/api/invoice-payment).

use crate::{
    api::{call::Call, list::Query},
    store::{
        kind::Kind,
        problem::{Answer, Problem},
    },
};

/// `GET /v1/invoice_payments`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let mut wanted = None;
    if let Some(mut payment) = params.child("payment")? {
        let kind = payment.required_text("type")?;
        if kind != "payment_intent" {
            let message = "The sandbox pays invoices by payment intents only.";
            return Err(Problem::invalid_parameter("payment[type]", message));
        }
        wanted = payment.text("payment_intent")?;
        payment.finish()?;
    }
    let query = Query::read(params, &[("invoice", "/invoice"), ("status", "/status")])?;
    params.finish()?;
    query.answer(call.work.state, Kind::InvoicePayment, |payment| {
        wanted.as_ref().is_none_or(|wanted| payment["payment"]["payment_intent"] == wanted.as_str())
    })
}
