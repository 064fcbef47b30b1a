//! Holds: credits that are reserved while an export runs, so that it neither fails for lack of them at its end nor has to be
//! refunded.
//!
//! - The price is that of the reservation: neither a start nor an end of unlimited exports, nor a payment that is refunded
//!   meanwhile, changes what a capture takes.
//! - A hold ends once. A change that comes too late is answered with the end.
//! - Holds expire by wall time. From that moment on nothing can be captured, even if the queue has not released the credits yet.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::credit_account;

use super::export::{self, Shortage};
use crate::{
    app::App,
    auth::TicketedExport,
    error::{Error, Rule, both},
    global_id::Noun,
    input,
    ledger::{self, Charge, Hold, HoldAction, HoldChange, HoldEnding, HoldOutcome, Reservation},
    page::{Page, Window},
    retry::retry,
    work::Next,
};

/// The time after which a hold expires, unless its caller wants another.
const TTL: TimeDelta = TimeDelta::minutes(15);

/// The longest time for which a hold lasts, with all its extensions.
const MAX_TTL: TimeDelta = TimeDelta::hours(24);

/// The export to reserve.
#[derive(Clone, Copy, Debug)]
pub struct ReserveExport<'a> {
    /// The run to export.
    pub run: &'a str,
    /// The caller's key for this one export.
    pub key: &'a str,
    /// The seconds for which the hold lasts.
    pub ttl: Option<i64>,
}

/// The result of reserving an export.
#[derive(Clone, Debug)]
pub enum ReserveResult {
    /// The credits are held. If the export was reserved before with the same key, the hold may have ended since.
    Hold {
        /// The hold.
        hold: Hold,
        /// The account after it.
        account: credit_account::Model,
    },
    /// The available credits are insufficient.
    Refused(Shortage),
}

/// The result of a change of a hold.
#[derive(Clone, Debug)]
pub enum ChangeResult {
    /// The change was made, now or by an earlier request.
    Changed {
        /// The hold after the change.
        hold: Hold,
        /// The account after it. `None` if an earlier request made the change.
        account: Option<credit_account::Model>,
    },
    /// The hold had ended before, in another way.
    Ended(Hold),
}

impl ChangeResult {
    /// The result with the account after a change.
    fn with(self, account: credit_account::Model) -> Self {
        match self {
            Self::Changed { hold, .. } => Self::Changed { hold, account: Some(account) },
            ended @ Self::Ended(_) => ended,
        }
    }

    /// The hold as it is now.
    fn into_hold(self) -> Hold {
        match self {
            Self::Changed { hold, .. } | Self::Ended(hold) => hold,
        }
    }
}

/// Holds the credits of an export, once for each key.
///
/// # Errors
/// [`Error::BadInput`], also for one open hold too many; [`Error::KeyReused`] when the key was used for another run, or to charge an
/// export.
pub async fn reserve(app: &App, user_id: i64, reserve: ReserveExport<'_>) -> Result<ReserveResult, Error> {
    let ReserveExport { run, key, ttl } = reserve;
    let (spend, ttl) = both(export::spend(app, user_id, run, key), duration(ttl))?;
    let wall = app.clock.wall();
    let reservation = Reservation { spend, expires_at: wall + ttl, extendable_until: wall + MAX_TTL, wall };
    match retry(|| app.charges.reserve(reservation.clone())).await? {
        Charge::Applied { entry, account } => {
            let hold = Hold::begun(entry, reservation.expires_at, reservation.extendable_until);
            Ok(ReserveResult::Hold { hold, account })
        }
        Charge::Replayed { entry, account } => {
            let hold = find(app, entry.id, Some(user_id)).await?;
            Ok(ReserveResult::Hold { hold, account })
        }
        Charge::Refused(account) => {
            Ok(ReserveResult::Refused(export::shortage(app, &reservation.spend, account).await?))
        }
    }
}

/// Charges a reserved export: all that is held, or a part of it. The rest is released. `owner` is the only user whose holds may
/// be captured; `None` allows all.
///
/// # Errors
/// [`Error::BadInput`] for more credits than are held, or none; [`Error::NotFound`] when there is no such hold.
pub async fn capture(app: &App, owner: Option<i64>, id: &str, credits: Option<i64>) -> Result<ChangeResult, Error> {
    let hold = find(app, input::id(Noun::Hold, id)?, owner).await?;
    let credits = match credits {
        None => hold.credits,
        Some(credits) if (1..=hold.credits).contains(&credits) => credits,
        Some(_) => return Err(too_much(&hold)),
    };
    change(app, hold, HoldAction::Capture(credits)).await
}

/// Lets a hold last for `ttl` seconds from now, and until the end of that minute: repeated extensions add at most one entry per
/// minute to the ledger. A hold that lasts longer already is not shortened.
///
/// # Errors
/// [`Error::BadInput`] for a time that is not allowed, also because of the time for which the hold has lasted;
/// [`Error::NotFound`] when there is no such hold.
pub async fn extend(app: &App, owner: Option<i64>, id: &str, ttl: Option<i64>) -> Result<ChangeResult, Error> {
    let ttl = duration(ttl)?;
    let hold = find(app, input::id(Noun::Hold, id)?, owner).await?;
    let until = app.clock.wall() + ttl;
    if let Some(latest) = hold.extendable_until.filter(|latest| until > *latest) {
        let (hours, left) = (MAX_TTL.num_hours(), (latest - app.clock.wall()).num_seconds().max(0));
        let message =
            format!("A hold lasts at most {hours} hours, with all its extensions: ttl can be {left} at most.");
        return Err(Error::bad_field("ttl", Rule::Range { min: 1, max: left }, message));
    }
    let until = full_minute(until);
    let until = hold.extendable_until.map_or(until, |latest| until.min(latest));
    change(app, hold, HoldAction::Extend(until)).await
}

/// The end of the minute of `time`.
fn full_minute(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(0) + TimeDelta::seconds(60 - time.timestamp().rem_euclid(60))
}

/// Releases the credits of an export that failed or is not wanted anymore.
///
/// # Errors
/// [`Error::NotFound`] when there is no such hold.
pub async fn release(app: &App, owner: Option<i64>, id: &str) -> Result<ChangeResult, Error> {
    let hold = find(app, input::id(Noun::Hold, id)?, owner).await?;
    change(app, hold, HoldAction::Release).await
}

/// Ends a hold if it has expired: a task of the queue.
///
/// # Errors
/// The database's.
pub async fn expire(app: &App, id: i64) -> Result<Next, Error> {
    let Some(hold) = ledger::hold(app.database.read(), id, None).await? else { return Ok(Next::Done) };
    let has_expired = hold.expires_at.is_some_and(|at| at <= app.clock.wall());
    let hold = if has_expired { change(app, hold, HoldAction::Expire).await?.into_hold() } else { hold };
    // An extension leaves the task as it was. It may come from a replica whose clock is behind.
    Ok(hold.expires_at.map_or(Next::Done, Next::At))
}

/// Reads a hold of `owner`, or of any user if that is `None`.
///
/// # Errors
/// The database's.
pub async fn by_id(app: &App, id: i64, owner: Option<i64>) -> Result<Option<Hold>, Error> {
    Ok(ledger::hold(app.database.read(), id, owner).await?)
}

/// One page of a user's open holds, newest first.
///
/// # Errors
/// The database's.
pub async fn open(app: &App, user_id: i64, window: Window) -> Result<Page<Hold>, Error> {
    Ok(ledger::open_holds(app.database.read(), user_id, window).await?)
}

/// The ticket of a reserved export; `None` if the hold is not open anymore.
///
/// # Errors
/// None in practice: the claims are plain.
pub fn ticket(app: &App, hold: &Hold) -> Result<Option<String>, Error> {
    let wall = app.clock.wall();
    if hold.expires_at.is_none_or(|at| at <= wall) {
        return Ok(None);
    }
    let export = TicketedExport {
        number: hold.id,
        user_id: hold.user_id,
        run: &hold.run,
        hold: Some(Noun::Hold.id(hold.id).to_string()),
        until: hold.expires_at,
    };
    app.tokens.tickets.issue(&export, wall).map(Some)
}

async fn find(app: &App, id: i64, owner: Option<i64>) -> Result<Hold, Error> {
    by_id(app, id, owner).await?.ok_or(Error::NotFound(Noun::Hold.name()))
}

/// Changes a hold that was open when it was read.
async fn change(app: &App, hold: Hold, action: HoldAction) -> Result<ChangeResult, Error> {
    if hold.end.is_some() {
        return Ok(after(hold, action));
    }
    let (user_id, hold_id) = (hold.user_id, hold.id);
    let change = HoldChange { user_id, hold_id, action, now: app.clock.now(), wall: app.clock.wall() };
    match retry(|| app.charges.change_hold(change.clone())).await? {
        HoldOutcome::Applied { entry, account } => {
            let hold = match action {
                HoldAction::Extend(until) => Hold { expires_at: Some(until), ..hold },
                _ => hold,
            };
            Ok(after(hold.ended_by(&entry), action).with(account))
        }
        // Another change may have ended it since.
        HoldOutcome::Unchanged(account) => Ok(after(find(app, hold_id, Some(user_id)).await?, action).with(account)),
        HoldOutcome::NotOpen => Ok(after(find(app, hold_id, Some(user_id)).await?, action)),
    }
}

/// The result of a change, by the state of the hold after it.
fn after(hold: Hold, action: HoldAction) -> ChangeResult {
    let is_done = match (action, hold.end.as_ref().map(|end| end.ending)) {
        (HoldAction::Capture(credits), Some(HoldEnding::Captured(captured))) => credits == captured,
        (HoldAction::Release, Some(HoldEnding::Released))
        | (HoldAction::Expire, Some(HoldEnding::Expired))
        | (HoldAction::Extend(_), None) => true,
        _ => false,
    };
    if is_done { ChangeResult::Changed { hold, account: None } } else { ChangeResult::Ended(hold) }
}

/// The time for which a hold is to last.
fn duration(seconds: Option<i64>) -> Result<TimeDelta, Error> {
    let Some(seconds) = seconds else { return Ok(TTL) };
    if (1..=MAX_TTL.num_seconds()).contains(&seconds) {
        Ok(TimeDelta::seconds(seconds))
    } else {
        let max = MAX_TTL.num_seconds();
        Err(Error::bad_field("ttl", Rule::Range { min: 1, max }, format!("ttl must be from 1 to {max} seconds.")))
    }
}

fn too_much(hold: &Hold) -> Error {
    let (rule, message) = match hold.credits {
        0 => {
            let message = "This hold holds no credits, because exports were unlimited. Leave credits out.";
            (Rule::NotApplicable, message.to_owned())
        }
        max => {
            let message = format!("credits must be from 1 to {max}, which are held. Release the hold to take none.");
            (Rule::Range { min: 1, max }, message)
        }
    };
    Error::bad_field("credits", rule, message)
}
