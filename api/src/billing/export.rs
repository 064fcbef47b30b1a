//! Exports that are charged before they run, and refunded when they fail. Reserved ones are in [`super::hold`].

use entity::{
    Tier,
    admin_action::Kind,
    credit_account,
    ledger_entry::{self, ChangeType},
};

use super::{admin_action::Author, subscription};
use crate::{
    app::App,
    auth::TicketedExport,
    error::{Error, both},
    global_id::Noun,
    input,
    ledger::{self, Charge, Posting, Spend, Unlimited, source},
    retry::retry,
};

/// The result of charging an export.
#[derive(Clone, Debug)]
pub enum ExportResult {
    /// The export is paid.
    Charge {
        /// The ledger entry of the charge.
        entry: ledger_entry::Model,
        /// True where the export was charged before with the same key.
        replayed: bool,
        /// The proof of payment for the export service. `None` when the credits were refunded.
        ticket: Option<String>,
        /// The account after the charge.
        account: credit_account::Model,
    },
    /// The balance is too low.
    Refused {
        /// The price of the export in credits.
        required: i64,
        /// The account at the time.
        account: credit_account::Model,
        /// The tier of the user's subscription, paid or not.
        subscribed: Tier,
    },
}

/// Charges an export, once for each key.
///
/// # Errors
/// [`Error::BadInput`]; [`Error::KeyReused`] when the key was used for another run.
pub async fn charge(app: &App, user_id: i64, run: &str, key: &str) -> Result<ExportResult, Error> {
    both(input::line("runId", run, input::MAX_KEY_BYTES), input::line("idempotencyKey", key, input::MAX_KEY_BYTES))?;
    let cost = app.config.export_cost;
    let source = source::export(user_id, key);
    let spend = Spend { user_id, cost, source, run: run.to_owned(), now: app.clock.now() };
    let (entry, replayed, account) = match retry(|| app.charges.charge(spend.clone())).await? {
        Charge::Applied { entry, account } => (entry, false, account),
        Charge::Replayed { entry, account } => (entry, true, account),
        Charge::Refused(account) => {
            let current = subscription::current(app, user_id).await?;
            let subscribed = current.map_or(Tier::Free, |subscription| subscription.tier);
            return Ok(ExportResult::Refused { required: cost, account, subscribed });
        }
    };
    let refunded = replayed && ledger::is_posted(app.database.read(), &source::export_refund(entry.id)).await?;
    let ticket = if refunded { None } else { Some(ticket(app, &entry)?) };
    Ok(ExportResult::Charge { entry, replayed, ticket, account })
}

/// The ticket of a charge.
fn ticket(app: &App, charge: &ledger_entry::Model) -> Result<String, Error> {
    let export = TicketedExport {
        number: charge.id,
        user_id: charge.user_id,
        run: charge.reference.as_deref().unwrap_or_default(),
        hold: None,
        until: None,
    };
    app.tokens.tickets.issue(&export, app.clock.wall())
}

/// Refunds the credits of a failed export, once.
///
/// # Errors
/// [`Error::BadInput`]; [`Error::NotFound`] when there is no such charge.
pub async fn refund(app: &App, author: Author, charge_id: &str, reason: &str) -> Result<ledger_entry::Model, Error> {
    input::line("reason", reason, input::MAX_REASON_BYTES)?;
    let id =
        input::id(Noun::Charge, charge_id).or_else(|error| input::id(Noun::Entry, charge_id).map_err(|_| error))?;
    let charge = ledger::entry(app.database.read(), id, None).await?;
    let charge = charge.filter(|entry| entry.change_type == ChangeType::Spend).ok_or(Error::NotFound("charge"))?;
    let posting = Posting {
        user_id: charge.user_id,
        change_type: ChangeType::Refund,
        delta: -charge.credits_delta,
        unlimited: Unlimited::Keep,
        source: source::export_refund(charge.id),
        reference: Some(charge.id.to_string()),
        notes: Some(reason.to_owned()),
        now: app.clock.now(),
    };
    super::adjustment::enter(app, Kind::RefundExport, author, posting, "chargeId").await
}
