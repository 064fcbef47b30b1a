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
    ledger::{
        self, Charge, Posting, Spend, Unlimited,
        source::{self, Source},
    },
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
    /// The available credits are insufficient.
    Refused(Shortage),
}

/// A charge or a reservation for which the available credits are insufficient.
#[derive(Clone, Debug)]
pub struct Shortage {
    /// The price of the export in credits.
    pub required: i64,
    /// The account at the time.
    pub account: credit_account::Model,
    /// The tier of the user's subscription, paid or not.
    pub subscribed: Tier,
}

/// Charges an export, once for each key.
///
/// # Errors
/// [`Error::BadInput`]; [`Error::KeyReused`] when the key was used for another run.
pub async fn charge(app: &App, user_id: i64, run: &str, key: &str) -> Result<ExportResult, Error> {
    let spend = spend(app, user_id, run, key)?;
    let (entry, replayed, account) = match retry(|| app.charges.charge(spend.clone())).await? {
        Charge::Applied { entry, account } => (entry, false, account),
        Charge::Replayed { entry, account } => (entry, true, account),
        Charge::Refused(account) => return Ok(ExportResult::Refused(shortage(app, &spend, account).await?)),
    };
    let ticket = if replayed && is_refunded(app, entry.id).await? { None } else { Some(ticket(app, &entry)?) };
    Ok(ExportResult::Charge { entry, replayed, ticket, account })
}

/// A charge that was made before.
#[derive(Clone, Debug)]
pub struct PastCharge {
    /// The ledger entry of the charge.
    pub entry: ledger_entry::Model,
    /// True if the credits were refunded.
    pub refunded: bool,
    /// A proof of payment for the export service. `None` if the credits were refunded, and for a hold that was captured.
    pub ticket: Option<String>,
}

/// Reads a charge of `owner`, or of any user if that is `None`.
///
/// # Errors
/// The database's.
pub async fn by_id(app: &App, id: i64, owner: Option<i64>) -> Result<Option<PastCharge>, Error> {
    match ledger::entry(app.database.read(), id, owner).await? {
        Some(entry) if entry.change_type == ChangeType::Spend => past(app, entry).await.map(Some),
        _ => Ok(None),
    }
}

/// The charge of an export under the caller's key; that of the capture if the export was reserved. `None` if nothing was charged.
///
/// # Errors
/// [`Error::BadInput`]; the database's.
pub async fn by_key(app: &App, user_id: i64, key: &str) -> Result<Option<PastCharge>, Error> {
    let (key, db) = (input::line("idempotencyKey", key, input::MAX_KEY_BYTES)?, app.database.read());
    let charge = match ledger::entry_of(db, &source::export(user_id, key)).await? {
        Some(entry) if entry.change_type == ChangeType::Hold => {
            ledger::entry_of(db, &source::capture(entry.id)).await?
        }
        entry => entry,
    };
    match charge {
        Some(entry) => past(app, entry).await.map(Some),
        None => Ok(None),
    }
}

async fn past(app: &App, entry: ledger_entry::Model) -> Result<PastCharge, Error> {
    let refunded = is_refunded(app, entry.id).await?;
    let has_ticket = !refunded && Source::parse(&entry.source) == Source::Export;
    let ticket = if has_ticket { Some(ticket(app, &entry)?) } else { None };
    Ok(PastCharge { entry, refunded, ticket })
}

/// Returns true if the credits of a charge were refunded.
///
/// # Errors
/// The database's.
pub async fn is_refunded(app: &App, charge_id: i64) -> Result<bool, Error> {
    Ok(ledger::is_posted(app.database.read(), &source::export_refund(charge_id)).await?)
}

/// The spend of an export under the caller's key.
///
/// # Errors
/// [`Error::BadInput`].
pub(super) fn spend(app: &App, user_id: i64, run: &str, key: &str) -> Result<Spend, Error> {
    both(input::line("runId", run, input::MAX_KEY_BYTES), input::line("idempotencyKey", key, input::MAX_KEY_BYTES))?;
    let (cost, source) = (app.config.export_cost, source::export(user_id, key));
    Ok(Spend { user_id, cost, source, run: run.to_owned(), now: app.clock.now() })
}

/// The shortage that refuses a spend, with the plan that the user has.
///
/// # Errors
/// The database's.
pub(super) async fn shortage(app: &App, spend: &Spend, account: credit_account::Model) -> Result<Shortage, Error> {
    let current = subscription::current(app, spend.user_id).await?;
    let subscribed = current.map_or(Tier::Free, |subscription| subscription.tier);
    Ok(Shortage { required: spend.cost, account, subscribed })
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
