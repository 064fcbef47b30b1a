//! `LOW_BALANCE`: follows the ledgers of accounts with a threshold, and alerts of each crossing once.
//!
//! Charges take no part in this: the ledger is read after the commit, up to the account's version, from where it was read last.
//! The versions of an account have no gaps, so no entry is passed over, however late it becomes visible. The progress is stored
//! in the transaction that adds the alerts, if it is still the progress that was read: of several processes that follow one ledger,
//! one adds the alerts.

use std::collections::HashMap;

use entity::{alert_setting, credit_account};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::publish;
use crate::{
    alert::{self, Position, Reach, Reason},
    app::App,
    error::Error,
    ledger,
    retry::retry,
};

/// Maximum number of entries that are read at once.
const ENTRIES: i64 = 500;

/// Number of settings that are read at once by [`follow_all`].
const SETTINGS: u64 = 500;

/// Number of ledgers that are followed at a time.
const AT_ONCE: usize = 2;

/// Follows a user's ledger up to the present. Returns `false` if the user has no threshold.
///
/// # Errors
/// The database's.
pub async fn follow(app: &App, user_id: i64) -> Result<bool, Error> {
    while let Some(setting) = alert::low_balance(app.database.read(), user_id).await? {
        if !retry(|| step(app, &setting)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Follows the ledgers of those of these users who have a threshold, each at least up to the version that is given with the user.
/// Returns the users whose ledger could not be read this time.
///
/// # Errors
/// The database's.
pub async fn follow_users(app: &App, versions: &[(i64, i64)]) -> Result<Vec<i64>, Error> {
    let users: Vec<_> = versions.iter().map(|(user_id, _)| *user_id).collect();
    let versions: HashMap<_, _> = versions.iter().copied().collect();
    let settings = alert::low_balances(app.database.read(), &users).await?;
    let is_behind = |setting: &alert_setting::Model| {
        versions.get(&setting.user_id).is_some_and(|version| setting.seen_version < *version)
    };
    Ok(follow_each(app, settings.into_iter().filter(is_behind).map(|setting| setting.user_id)).await)
}

/// Follows all ledgers that were not followed up to their present versions.
///
/// # Errors
/// The database's.
pub async fn follow_all(app: &App) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let settings = alert::low_balances_after(app.database.read(), after, SETTINGS).await?;
        let Some(last) = settings.last() else { return Ok(()) };
        after = last.user_id;
        let users: Vec<_> = settings.iter().map(|setting| setting.user_id).collect();
        let accounts = ledger::accounts(app.database.read(), &users).await?;
        let is_behind = |setting: &alert_setting::Model| {
            accounts.get(&setting.user_id).is_some_and(|account| setting.seen_version < account.version)
        };
        follow_each(app, settings.into_iter().filter(is_behind).map(|setting| setting.user_id)).await;
    }
}

/// Follows the ledgers of these users. Returns those whose ledger could not be read.
async fn follow_each(app: &App, users: impl Iterator<Item = i64>) -> Vec<i64> {
    let (users, mut failed) = (users.collect::<Vec<_>>(), Vec::new());
    for part in users.chunks(AT_ONCE) {
        let followed = join_all(part.iter().map(|user_id| follow(app, *user_id))).await;
        for (user_id, followed) in part.iter().zip(followed) {
            if let Err(error) = followed {
                tracing::warn!(user_id, %error, "a ledger could not be followed this time");
                failed.push(*user_id);
            }
        }
    }
    failed
}

/// Follows a part of a ledger. Returns `true` if it may go on.
async fn step(app: &App, setting: &alert_setting::Model) -> Result<bool, Error> {
    let user_id = setting.user_id;
    let account = ledger::account(app.database.read(), user_id).await?.ok_or(Error::NotFound("user"))?;
    if account.version <= setting.seen_version {
        return Ok(false);
    }
    let reach = read(app.database.read(), app, setting, &account).await?;
    let more = reach.until.version < account.version;
    if reach.crossings.is_empty() {
        let advanced = alert::advance(app.database.write(), setting, &reach).await?;
        return Ok(more || !advanced);
    }
    let _turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    let (advanced, raised) = raise(&tx, app, setting, reach).await?;
    tx.commit().await?;
    publish(app, user_id, raised);
    Ok(more || !advanced)
}

/// Follows a ledger up to the present in the transaction of a caller who has locked the account. Returns the newest alert.
pub(super) async fn catch_up(
    tx: &DatabaseTransaction,
    app: &App,
    account: &credit_account::Model,
) -> Result<Option<i64>, Error> {
    let mut newest = None;
    while let Some(setting) = alert::low_balance(tx, account.user_id).await? {
        if account.version <= setting.seen_version {
            break;
        }
        let reach = read(tx, app, &setting, account).await?;
        let (_, raised) = raise(tx, app, &setting, reach).await?;
        newest = raised.or(newest);
    }
    Ok(newest)
}

/// Reads what follows in a ledger. While exports are unlimited, nothing of it counts.
async fn read(
    db: &impl ConnectionTrait,
    app: &App,
    setting: &alert_setting::Model,
    account: &credit_account::Model,
) -> Result<Reach, Error> {
    let present = Position::of(account, app.clock.now());
    let Some(below) = setting.below.filter(|_| present.available.is_some()) else {
        return Ok(Reach { crossings: Vec::new(), until: present });
    };
    let seen = setting.seen_version;
    let until = account.version.min(seen + ENTRIES);
    let entries = ledger::entries_after(db, account.user_id, seen, until).await?;
    let from = Position { version: seen, held: setting.seen_held, available: setting.seen_available };
    let (crossings, until) = alert::crossings(below, from, &entries);
    Ok(Reach { crossings, until })
}

/// Stores the progress and adds the alerts, unless another process did. Returns true if it was stored, and the newest alert.
async fn raise(
    tx: &DatabaseTransaction,
    app: &App,
    setting: &alert_setting::Model,
    reach: Reach,
) -> Result<(bool, Option<i64>), Error> {
    if !alert::advance(tx, setting, &reach).await? {
        return Ok((false, None));
    }
    let mut newest = None;
    for crossing in reach.crossings {
        let raised = alert::raise(tx, &app.clock, setting.user_id, Reason::LowBalance(crossing)).await?;
        newest = raised.or(newest);
    }
    Ok((true, newest))
}
