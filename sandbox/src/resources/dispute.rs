//! Disputes: a customer asks the bank for the money back (docs.stripe.com/disputes).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    resources::event,
    store::{
        calendar::DAY_SECONDS,
        kind::Kind,
        problem::{Answer, Problem},
        work::{Work, text},
    },
};

/// Days in which a merchant may respond.
const RESPONSE_DAYS: i64 = 9;

/// Stripe's fee for a chargeback, in cents.
const FEE: i64 = 1500;

/// The first stage of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The bank inquires; no money moves.
    Inquiry,
    /// The bank has taken the money back.
    Chargeback,
}

/// The next step of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The merchant has responded, and the bank reviews the evidence.
    UnderReview,
    /// An inquiry becomes a chargeback.
    Escalated,
    /// The money comes back to the merchant. An inquiry that is won is closed as a warning.
    Won,
    /// The money stays with the customer.
    Lost,
    /// An inquiry ends without a chargeback.
    WarningClosed,
}

/// Opens a dispute about a charge, for its full amount or a part of it.
pub(crate) fn open(work: &mut Work<'_>, charge: &Value, stage: Stage, amount: Option<i64>) -> Answer {
    let whole = charge["amount"].as_i64().unwrap_or_default();
    let amount = amount.unwrap_or(whole);
    if !(1..=whole).contains(&amount) {
        let message = "The amount must be positive and at most that of the charge.";
        return Err(Problem::invalid_parameter("amount", message));
    }
    if charge["disputed"] == true {
        return Err(Problem::not_now("The charge is already disputed."));
    }
    let dispute = render(work, charge, stage, amount);
    let id = work.put(Kind::Dispute, dispute.clone());
    work.change(Kind::Charge, &text(charge, "id"), |charge| {
        charge["disputed"] = true.into();
    });
    event::emit(work, "charge.dispute.created", &dispute);
    if stage == Stage::Chargeback {
        withdraw(work, &id);
    }
    Ok(work.get(Kind::Dispute, &id))
}

fn render(work: &Work<'_>, charge: &Value, stage: Stage, amount: i64) -> Value {
    let (status, case) = match stage {
        Stage::Inquiry => ("warning_needs_response", "inquiry"),
        Stage::Chargeback => ("needs_response", "chargeback"),
    };
    let card = &charge["payment_method_details"]["card"];
    let brand = card["brand"].as_str().unwrap_or("visa");
    json!({
        "id": work.new_id(Kind::Dispute),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": work.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": evidence(),
        "evidence_details": {
            "due_by": work.now + RESPONSE_DAYS * DAY_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
        "is_charge_refundable": stage == Stage::Inquiry,
        "livemode": false,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": { "brand": brand, "case_type": case, "network": brand, "network_reason_code": "10.4" },
            "type": "card",
        },
        "reason": "fraudulent",
        "status": status,
    })
}

/// Fields of evidence, all of which can be set through the API.
pub(crate) const EVIDENCE: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

pub(crate) fn evidence() -> Value {
    let mut evidence = json!({ "enhanced_evidence": {} });
    for field in EVIDENCE {
        evidence[field] = Value::Null;
    }
    evidence
}

/// Takes the disputed amount and the fee from the merchant.
fn withdraw(work: &mut Work<'_>, id: &str) {
    move_money(work, id, -1);
    let dispute = work.get(Kind::Dispute, id);
    event::emit(work, "charge.dispute.funds_withdrawn", &dispute);
}

fn move_money(work: &mut Work<'_>, id: &str, sign: i64) {
    let transaction_id = work.random("txn_", 24);
    let now = work.now;
    work.change(Kind::Dispute, id, |dispute| {
        let amount = sign * dispute["amount"].as_i64().unwrap_or_default();
        let fee = if sign < 0 { FEE } else { 0 };
        let description = if sign < 0 { "Chargeback withdrawal" } else { "Chargeback reversal" };
        let transaction = json!({
            "id": transaction_id,
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now,
            "balance_type": "payments",
            "created": now,
            "currency": dispute["currency"],
            "description": format!("{description} for {}", text(dispute, "charge")),
            "exchange_rate": null,
            "fee": fee,
            "fee_details": [],
            "net": amount - fee,
            "reporting_category": if sign < 0 { "dispute" } else { "dispute_reversal" },
            "source": id,
            "status": "available",
            "type": "adjustment",
        });
        if let Some(transactions) = dispute["balance_transactions"].as_array_mut() {
            transactions.push(transaction);
        }
    });
}

/// Continues a dispute.
pub(crate) fn proceed(work: &mut Work<'_>, id: &str, outcome: Outcome) -> Answer {
    let dispute = work.state.named(Kind::Dispute, id)?;
    let status = text(&dispute, "status");
    let is_inquiry = status.starts_with("warning_");
    if ["won", "lost", "warning_closed"].contains(&status.as_str()) {
        return Err(Problem::not_now(format!("This dispute is {status}.")));
    }
    match outcome {
        Outcome::UnderReview if is_inquiry => update_status(work, id, "warning_under_review"),
        Outcome::UnderReview => update_status(work, id, "under_review"),
        Outcome::Escalated if is_inquiry => escalate(work, id),
        Outcome::Won if !is_inquiry => {
            close(work, id, "won");
            move_money(work, id, 1);
            let dispute = work.get(Kind::Dispute, id);
            event::emit(work, "charge.dispute.funds_reinstated", &dispute);
        }
        Outcome::Lost if !is_inquiry => close(work, id, "lost"),
        Outcome::Won | Outcome::WarningClosed if is_inquiry => close(work, id, "warning_closed"),
        _ => {
            return Err(Problem::not_now(format!("A dispute that is {status} does not allow this outcome.")));
        }
    }
    Ok(work.get(Kind::Dispute, id))
}

fn update_status(work: &mut Work<'_>, id: &str, status: &str) {
    let change = work.change(Kind::Dispute, id, |dispute| dispute["status"] = status.into());
    event::emit_change(work, "charge.dispute.updated", &change);
}

fn escalate(work: &mut Work<'_>, id: &str) {
    let change = work.change(Kind::Dispute, id, |dispute| {
        dispute["status"] = "needs_response".into();
        dispute["is_charge_refundable"] = false.into();
        dispute["payment_method_details"]["card"]["case_type"] = "chargeback".into();
    });
    event::emit_change(work, "charge.dispute.updated", &change);
    withdraw(work, id);
}

fn close(work: &mut Work<'_>, id: &str, status: &str) {
    let dispute = work.change(Kind::Dispute, id, |dispute| dispute["status"] = status.into()).after;
    event::emit(work, "charge.dispute.closed", &dispute);
}
