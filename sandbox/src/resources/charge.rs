//! Charges: attempts to move money (docs.stripe.com/api/charges).

use serde_json::{Value, json};

use crate::{
    resources::{card, customer},
    store::{
        decline::Decline,
        kind::Kind,
        work::{Work, text},
    },
};

/// Adds the charge of a payment intent: succeeded, or failed for the given reason.
pub(crate) fn add(work: &mut Work<'_>, intent: &Value, decline: Option<Decline>) -> Value {
    let paid = decline.is_none();
    let email = customer::email_of(work, &text(intent, "customer"));
    let email = if email.is_empty() { Value::Null } else { email.into() };
    let charge = json!({
        "id": work.new_id(Kind::Charge),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": if paid { intent["amount"].clone() } else { 0.into() },
        "amount_refunded": 0,
        "application": null,
        "application_fee": null,
        "application_fee_amount": null,
        "balance_transaction": paid.then(|| work.random("txn_", 24)),
        "billing_details": card::billing_details(&email),
        "calculated_statement_descriptor": "PATCH-HIVE SANDBOX",
        "captured": paid,
        "created": work.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": false,
        "failure_balance_transaction": null,
        "failure_code": decline.map(|decline| decline.code),
        "failure_message": decline.map(|decline| decline.message),
        "fraud_details": {},
        "livemode": false,
        "metadata": intent["metadata"],
        "on_behalf_of": null,
        "outcome": outcome(decline),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": method_details(work, intent),
        "receipt_email": null,
        "receipt_number": null,
        "receipt_url": null,
        "refunded": false,
        "review": null,
        "shipping": null,
        "source": null,
        "source_transfer": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": if paid { "succeeded" } else { "failed" },
        "transfer_data": null,
        "transfer_group": null,
    });
    work.put(Kind::Charge, charge.clone());
    charge
}

fn outcome(decline: Option<Decline>) -> Value {
    json!({
        "advice_code": null,
        "network_advice_code": null,
        "network_decline_code": null,
        "network_status": if decline.is_none() { "approved_by_network" } else { "declined_by_network" },
        "reason": decline.and_then(|decline| decline.reason),
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": decline.map_or("Payment complete.", |decline| decline.message),
        "type": if decline.is_none() { "authorized" } else { "issuer_declined" },
    })
}

fn method_details(work: &Work<'_>, intent: &Value) -> Value {
    let method = work.get(Kind::PaymentMethod, &text(intent, "payment_method"));
    let kind = text(&method, "type");
    if kind != "card" {
        return json!({ "type": kind, kind.as_str(): method[kind.as_str()] });
    }
    let card = &method["card"];
    json!({
        "card": {
            "amount_authorized": intent["amount"],
            "authorization_code": "424242",
            "brand": card["brand"],
            "checks": card["checks"],
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "extended_authorization": { "status": "disabled" },
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "incremental_authorization": { "status": "unavailable" },
            "installments": null,
            "last4": card["last4"],
            "mandate": null,
            "multicapture": { "status": "unavailable" },
            "network": card["brand"],
            "network_token": { "used": false },
            "network_transaction_id": null,
            "overcapture": { "maximum_amount_capturable": intent["amount"], "status": "unavailable" },
            "regulated_status": card["regulated_status"],
            "three_d_secure": null,
            "wallet": null,
        },
        "type": "card",
    })
}
