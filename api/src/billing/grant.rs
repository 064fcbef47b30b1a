//! Credits that an operator grants, and the referral programme.

use entity::ledger_entry::{self, ChangeType};

use crate::{
    app::App,
    error::Error,
    feed::Hint,
    input,
    ledger::{self, Booking, Posting, Unlimited, source},
    retry::retry,
};

/// Credits that one grant may hold. More is a slip of the keyboard.
const MAX_CREDITS: i64 = 100_000;

/// A grant that is asked for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who gets the credits.
    pub user_id: String,
    /// How many.
    pub credits: i64,
    /// Why; the user sees it.
    pub reason: String,
    /// The key of this one intention.
    pub idempotency_key: String,
}

/// Grants credits, once for each key.
///
/// # Errors
/// [`Error::BadInput`]; [`Error::NotFound`] when there is no such user; [`Error::KeyReused`] when the key stands for
/// another grant.
pub async fn grant(app: &App, grant: Grant) -> Result<ledger_entry::Model, Error> {
    let user_id = input::id("user", &grant.user_id)?;
    if !(1..=MAX_CREDITS).contains(&grant.credits) {
        return Err(Error::bad_input(format!("credits must be from 1 to {MAX_CREDITS}")));
    }
    input::line("reason", &grant.reason, input::MAX_REASON_BYTES)?;
    let key = input::line("idempotencyKey", &grant.idempotency_key, input::MAX_KEY_BYTES)?;
    let posting = Posting {
        user_id,
        change_type: ChangeType::Grant,
        delta: grant.credits,
        unlimited: Unlimited::Keep,
        source: source::manual(user_id, key),
        reference: None,
        notes: Some(grant.reason),
        now: app.clock.now(),
    };
    let entry = book(app, posting).await?;
    // Unlike an export's, a grant's amount is part of what was asked for.
    if entry.credits_delta == grant.credits { Ok(entry) } else { Err(Error::KeyReused) }
}

/// Books one entry in a transaction of its own, and tells the watchers.
pub(super) async fn book(app: &App, posting: Posting) -> Result<ledger_entry::Model, Error> {
    let user_id = posting.user_id;
    match retry(|| post(app, posting.clone())).await? {
        Booking::Applied(entry) => {
            app.feed.announce(user_id, Hint { ledger: entry.version, subscription: 0 });
            Ok(entry)
        }
        Booking::Replayed(entry) => Ok(entry),
        Booking::Refused(_) => Err(Error::Internal("a posting was refused, which only a charge can be".to_owned())),
    }
}

async fn post(app: &App, posting: Posting) -> Result<Booking, ledger::Error> {
    let tx = app.database.begin().await?;
    let booking = ledger::post(&tx, posting).await?;
    tx.commit().await?;
    Ok(booking)
}
