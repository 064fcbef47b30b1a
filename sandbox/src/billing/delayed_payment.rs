//! Payments that stay in processing for days, such as bank debits, and then succeed or fail
//! (docs.stripe.com/payments/ach-direct-debit).

use serde_json::Value;

use crate::{
    billing::{checkout, dunning},
    resources::{event, invoice_payment, payment_intent},
    store::{
        decline,
        kind::Kind,
        problem::{Answer, Problem},
        work::{Change, Work, text},
    },
};

/// Completes a payment in processing, as succeeded or failed, and returns its payment intent. `id` is the id of the
/// payment intent, or of the invoice or checkout session that it pays.
pub(crate) fn settle(work: &mut Work<'_>, id: &str, succeeded: bool) -> Answer {
    let intent = intent_of(work, id);
    if work.get(Kind::PaymentIntent, &intent)["status"] != "processing" {
        return Err(Problem::not_now("This object has no payment in processing."));
    }
    let invoice = invoice_payment::invoice_of(work.state, &intent);
    if succeeded {
        payment_intent::succeed(work, &intent);
    } else {
        payment_intent::fail(work, &intent, decline::BANK_REFUSED);
    }
    if let Some(invoice) = &invoice {
        dunning::settle(work, invoice, succeeded);
    }
    if let Some(session) = session_of(work, &intent, invoice.as_deref()) {
        complete(work, &session, succeeded);
    }
    Ok(work.get(Kind::PaymentIntent, &intent))
}

fn intent_of(work: &Work<'_>, id: &str) -> String {
    match Kind::of(id) {
        Some(Kind::Session) => {
            let session = work.get(Kind::Session, id);
            match session["payment_intent"].as_str() {
                Some(intent) => intent.to_owned(),
                None => intent_of_invoice(work, &text(&session, "invoice")),
            }
        }
        Some(Kind::Invoice) => intent_of_invoice(work, id),
        _ => id.to_owned(),
    }
}

fn intent_of_invoice(work: &Work<'_>, invoice: &str) -> String {
    let mut payments = work.state.all(Kind::InvoicePayment).rev();
    let payment = payments.find(|payment| payment["invoice"] == invoice);
    payment.map(|payment| text(&payment["payment"], "payment_intent")).unwrap_or_default()
}

/// Returns the checkout session that waits for the payment. After the first failure, the invoice is collected without
/// its session.
fn session_of(work: &Work<'_>, intent: &str, invoice: Option<&str>) -> Option<String> {
    let is_first = invoice.is_none_or(|invoice| {
        let invoice = work.get(Kind::Invoice, invoice);
        invoice["billing_reason"] == "subscription_create" && invoice["attempt_count"] == 1
    });
    let pays = |session: &&Value| match invoice {
        Some(invoice) => is_first && session["invoice"] == invoice,
        None => session["payment_intent"] == intent,
    };
    work.state.all(Kind::Session).rev().find(pays).map(|session| text(session, "id"))
}

fn complete(work: &mut Work<'_>, id: &str, succeeded: bool) {
    let Change { after: session, .. } = work.change(Kind::Session, id, |session| {
        if succeeded {
            session["payment_status"] = "paid".into();
        }
    });
    let name = if succeeded { "async_payment_succeeded" } else { "async_payment_failed" };
    event::emit(work, &format!("checkout.session.{name}"), &session);
    if succeeded {
        checkout::create_invoice(work, id);
    }
}
