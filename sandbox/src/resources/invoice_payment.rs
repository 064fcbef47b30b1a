//! Invoice payments: the link between an invoice and the payment intent that pays it (docs.stripe.com/api/invoice-payment).

use serde_json::{Value, json};

use crate::{
    resources::event,
    store::{
        kind::Kind,
        state::State,
        work::{Change, Work, text},
    },
};

/// Links a finalized invoice with its payment intent.
pub(crate) fn open(work: &mut Work<'_>, invoice: &Value, payment_intent: &str) {
    let payment = json!({
        "id": work.new_id(Kind::InvoicePayment),
        "object": "invoice_payment",
        "amount_paid": null,
        "amount_requested": invoice["amount_due"],
        "created": work.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": true,
        "livemode": false,
        "payment": { "payment_intent": payment_intent, "type": "payment_intent" },
        "status": "open",
        "status_transitions": { "canceled_at": null, "paid_at": null },
    });
    work.put(Kind::InvoicePayment, payment);
}

/// Returns the payments of an invoice, oldest first.
pub(crate) fn of_invoice<'a>(state: &'a State, invoice: &str) -> impl DoubleEndedIterator<Item = &'a Value> {
    let invoice = invoice.to_owned();
    state.all(Kind::InvoicePayment).filter(move |payment| payment["invoice"] == *invoice)
}

/// Returns the invoice that a payment intent pays.
pub(crate) fn invoice_of(state: &State, payment_intent: &str) -> Option<String> {
    let mut payments = state.all(Kind::InvoicePayment);
    let payment = payments.find(|payment| payment["payment"]["payment_intent"] == payment_intent);
    payment.map(|payment| text(payment, "invoice"))
}

/// Marks a payment as paid, after its payment intent succeeded.
pub(crate) fn pay(work: &mut Work<'_>, id: &str) {
    let now = work.now;
    let Change { after: payment, .. } = work.change(Kind::InvoicePayment, id, |payment| {
        payment["amount_paid"] = payment["amount_requested"].clone();
        payment["status"] = "paid".into();
        payment["status_transitions"]["paid_at"] = now.into();
    });
    event::emit(work, "invoice_payment.paid", &payment);
}

/// Cancels a payment of an invoice that has nothing left to pay.
pub(crate) fn cancel(work: &mut Work<'_>, id: &str) {
    let now = work.now;
    work.change(Kind::InvoicePayment, id, |payment| {
        payment["status"] = "canceled".into();
        payment["status_transitions"]["canceled_at"] = now.into();
    });
}
