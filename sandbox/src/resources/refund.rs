//! Refunds (docs.stripe.com/refunds).

use serde_json::{Map, Value, json};

use crate::{
    resources::event,
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::{Work, text},
    },
};

const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// The request for a refund.
pub(crate) struct Order {
    pub(crate) charge: Value,
    /// The amount in minor units; `None` refunds all that is left.
    pub(crate) amount: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Map<String, Value>,
}

/// Returns the succeeded charge of a payment intent or charge, by id.
pub(crate) fn charge_of(work: &Work<'_>, param: &str, id: &str) -> Answer {
    let charge = if id.starts_with("pi_") {
        let intent = work.state.named_in(param, Kind::PaymentIntent, id)?;
        work.get(Kind::Charge, &text(&intent, "latest_charge"))
    } else {
        work.state.named_in(param, Kind::Charge, id)?
    };
    if charge["status"] == "succeeded" {
        return Ok(charge);
    }
    let message = format!("The payment `{id}` does not have a successful charge to refund.");
    Err(Problem::invalid_parameter(param, message))
}

/// Refunds a charge, if enough of it is left.
pub(crate) fn give_back(work: &mut Work<'_>, order: &Order) -> Answer {
    let amount = checked_amount(work, order)?;
    let pending = is_held(work, &order.charge);
    let refund = render(work, order, amount, pending);
    work.put(Kind::Refund, refund.clone());
    event::emit(work, "refund.created", &refund);
    let refunded = work.change(Kind::Charge, &text(&order.charge, "id"), |charge| {
        let sum = charge["amount_refunded"].as_i64().unwrap_or_default() + amount;
        charge["amount_refunded"] = sum.into();
        charge["refunded"] = (charge["amount_captured"] == sum).into();
    });
    event::emit_change(work, "charge.refunded", &refunded);
    Ok(refund)
}

/// Returns the amount of a refund, after all checks.
fn checked_amount(work: &Work<'_>, order: &Order) -> Result<i64, Problem> {
    let number = |field: &str| order.charge[field].as_i64().unwrap_or_default();
    let left = number("amount_captured") - number("amount_refunded");
    let id = text(&order.charge, "id");
    if left == 0 {
        let message = format!("Charge {id} has already been refunded.");
        return Err(Problem::not_now_with_code("charge_already_refunded", message));
    }
    if is_charged_back(work, &id) {
        let message = format!("Charge {id} has been charged back; cannot issue a refund.");
        return Err(Problem::not_now_with_code("charge_disputed", message));
    }
    let amount = order.amount.unwrap_or(left);
    if amount <= 0 {
        return Err(Problem::invalid_parameter_with_code(
            "amount",
            "parameter_invalid_integer",
            "Invalid positive integer",
        ));
    }
    if amount > left {
        let dollars = |cents: i64| format!("${}.{:02}", cents / 100, cents % 100);
        let (requested, left) = (dollars(amount), dollars(left));
        let message = format!("Refund amount ({requested}) is greater than unrefunded amount on charge ({left})");
        return Err(Problem::invalid_parameter("amount", message));
    }
    if order.reason.as_deref().is_some_and(|reason| !REASONS.contains(&reason)) {
        let message = "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer";
        return Err(Problem::invalid_parameter("reason", message));
    }
    Ok(amount)
}

/// Returns `true` if a dispute holds the money, or took it permanently, so that it cannot be refunded.
fn is_charged_back(work: &Work<'_>, charge: &str) -> bool {
    let mut disputes = work.state.all(Kind::Dispute).filter(|dispute| dispute["charge"] == charge);
    disputes.any(|dispute| ["needs_response", "under_review", "lost"].contains(&text(dispute, "status").as_str()))
}

/// Returns `true` if a refund stays pending: to a bank account always, to a card when a test requests it.
fn is_held(work: &mut Work<'_>, charge: &Value) -> bool {
    let held = work.state.refunds_to_hold > 0;
    work.state.refunds_to_hold = work.state.refunds_to_hold.saturating_sub(1);
    held || charge["payment_method_details"]["type"] != "card"
}

fn render(work: &Work<'_>, order: &Order, amount: i64, pending: bool) -> Value {
    let charge = &order.charge;
    let method = text(&charge["payment_method_details"], "type");
    let destination = match method.as_str() {
        "card" => {
            json!({ "card": { "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund" }, "type": "card" })
        }
        other => json!({ other: { "reference": null, "reference_status": null }, "type": other }),
    };
    json!({
        "id": work.new_id(Kind::Refund),
        "object": "refund",
        "amount": amount,
        "balance_transaction": work.random("txn_", 24),
        "charge": charge["id"],
        "created": work.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": null,
        "destination_details": destination,
        "metadata": order.metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": pending.then_some("processing"),
        "reason": order.reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": if pending { "pending" } else { "succeeded" },
        "transfer_reversal": null,
    })
}

/// Completes a pending refund, or makes a refund fail. A refund that succeeded can fail too, if the customer's bank
/// returns it. After a failure the money is the merchant's again, and the charge keeps its sum of refunds
/// (docs.stripe.com/refunds, "Failed refunds").
pub(crate) fn settle(work: &mut Work<'_>, id: &str, arrived: bool) -> Answer {
    let refund = work.state.named(Kind::Refund, id)?;
    let status = text(&refund, "status");
    if !(status == "pending" || status == "succeeded" && !arrived) {
        return Err(Problem::not_now(format!("This refund is {status}.")));
    }
    let failure = work.random("txn_", 24);
    let change = work.change(Kind::Refund, id, |refund| {
        refund["pending_reason"] = Value::Null;
        if arrived {
            refund["status"] = "succeeded".into();
        } else {
            refund["status"] = "failed".into();
            refund["failure_reason"] = "expired_or_canceled_card".into();
            refund["failure_balance_transaction"] = failure.into();
        }
    });
    event::emit_change(work, "refund.updated", &change);
    if !arrived {
        event::emit(work, "refund.failed", &change.after);
    }
    Ok(change.after)
}
