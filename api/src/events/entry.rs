//! The events of a ledger entry.

use entity::{
    account_event::Type,
    ledger_entry::{ChangeType, Model},
};
use serde_json::Value;

use super::body::{account, payload, time};
use crate::{global_id::Noun, ledger::source::Source};

/// The period of a plan, and the invoice, behind an entry whose kind depends on the period's first invoice.
#[must_use]
pub fn plan_period(entry: &Model) -> Option<(&str, &str)> {
    match Source::parse(&entry.source) {
        Source::Grant { invoice, period } => Some((period, invoice)),
        _ => None,
    }
}

/// The events of an entry with their bodies, each type once. `is_plan_change` is true for a further invoice of a paid period.
#[must_use]
pub fn of_entry(entry: &Model, is_plan_change: bool) -> Vec<(Type, String)> {
    let source = Source::parse(&entry.source);
    let mut data = account(entry.user_id, entry.version, entry.balance_after);
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            data.insert(name.to_owned(), value);
        }
    };
    let hold = hold(entry, source).map(|hold| Noun::Hold.id(hold).to_string());
    let is_about_a_run = matches!(source, Source::Export) || (hold.is_some());
    add("entryId", Some(Noun::Entry.id(entry.id).to_string().into()));
    add("kind", Some(kind(entry, source, is_plan_change).into()));
    add("creditsDelta", Some(entry.credits_delta.into()));
    add("heldDelta", Some(entry.held_delta.into()));
    add("createdAt", Some(time(entry.created_at).into()));
    add("holdId", hold.map(Value::from));
    add(if is_about_a_run { "runId" } else { "reference" }, entry.reference.clone().map(Value::from));
    let data = Value::Object(data);
    let types = [Some(Type::BalanceChanged), export(entry, source), step(entry, source)].into_iter().flatten();
    types.map(|kind| (kind, payload(kind, entry.created_at, &data))).collect()
}

fn is_hold(entry: &Model, source: Source<'_>) -> bool {
    source == Source::Export && entry.change_type == ChangeType::Hold
}

fn export(entry: &Model, source: Source<'_>) -> Option<Type> {
    let is_charge = matches!(source, Source::Export | Source::Capture(_)) && !is_hold(entry, source);
    is_charge.then_some(Type::ExportCharged)
}

/// The step of a hold.
fn step(entry: &Model, source: Source<'_>) -> Option<Type> {
    match source {
        Source::Export if is_hold(entry, source) => Some(Type::HoldCreated),
        Source::Capture(_) => Some(Type::HoldCaptured),
        Source::Release(_) => Some(Type::HoldReleased),
        Source::Expired(_) => Some(Type::HoldExpired),
        _ => None,
    }
}

fn hold(entry: &Model, source: Source<'_>) -> Option<i64> {
    match source {
        Source::Capture(hold) | Source::Extension(hold) | Source::Release(hold) | Source::Expired(hold) => Some(hold),
        _ => is_hold(entry, source).then_some(entry.id),
    }
}

/// The kind of fact, as the schema's `LedgerEntryKind` spells it.
fn kind(entry: &Model, source: Source<'_>, is_plan_change: bool) -> &'static str {
    match source {
        Source::Export if is_hold(entry, source) => "HOLD",
        Source::Export | Source::Capture(_) => "EXPORT",
        Source::Extension(_) => "HOLD_EXTENDED",
        Source::Release(_) => "HOLD_RELEASED",
        Source::Expired(_) => "HOLD_EXPIRED",
        Source::ExportRefund(_) => "EXPORT_REFUND",
        Source::Payment => "PACK",
        Source::Grant { .. } if is_plan_change => "PLAN_CHANGE",
        Source::Grant { .. } => "PLAN_PERIOD",
        Source::Reversal if entry.credits_delta < 0 => "REVERSAL",
        Source::Reversal => "RESTORATION",
        Source::Unlimited => "UNLIMITED",
        Source::UnlimitedEnd => "UNLIMITED_ENDED",
        Source::Manual => "MANUAL",
        Source::Other => "OTHER",
    }
}
