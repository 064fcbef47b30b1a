//! Credits that an operator adds or takes, and ledger entries that are made by hand.

use std::collections::HashMap;

use entity::{
    admin_action::Kind,
    credit_account,
    ledger_entry::{self, ChangeType},
    manual_entry,
    user::{self, Role},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::admin_action::{self, Author};
use crate::{
    app::App,
    error::{Error, Rule, both},
    feed::Hint,
    global_id::Noun,
    input,
    ledger::{self, PostOutcome, Posting, Unlimited, source},
    retry::retry,
};

/// The largest adjustment. A larger one is likely a typing error.
const MAX_CREDITS: i64 = 100_000;

/// An adjustment of a balance.
#[derive(Clone, Debug)]
pub struct Adjustment {
    /// The user whose balance is adjusted.
    pub user_id: String,
    /// Credits to add, negative to take.
    pub credits: i64,
    /// The reason, which the user sees.
    pub reason: String,
    /// The caller's key for this one adjustment.
    pub idempotency_key: String,
}

/// Adds or takes credits, once for each key. Credits that are held cannot be taken, so an adjustment never makes a balance
/// negative: only refunds and disputes do. `actor` is the admin who does it.
///
/// # Errors
/// [`Error::BadInput`], also where more is taken than is available, and for a closed account; [`Error::NotFound`] when there is
/// no such user; [`Error::KeyReused`] when the key was used for another adjustment.
pub async fn adjust(app: &App, actor: i64, adjustment: Adjustment) -> Result<ledger_entry::Model, Error> {
    let credits = if adjustment.credits == 0 || adjustment.credits.abs() > MAX_CREDITS {
        let rule = Rule::Range { min: -MAX_CREDITS, max: MAX_CREDITS };
        let message = format!("credits must be from -{MAX_CREDITS} to {MAX_CREDITS}, and not 0.");
        Err(Error::bad_field("credits", rule, message))
    } else {
        Ok(())
    };
    enter_checked(app, Kind::AdjustCredits, actor, adjustment, credits).await
}

/// As [`adjust`], for credits to add only.
///
/// # Errors
/// [`Error::BadInput`] for what is not from 1 to 100,000 credits; those of [`adjust`].
pub async fn grant(app: &App, actor: i64, grant: Adjustment) -> Result<ledger_entry::Model, Error> {
    let credits = if (1..=MAX_CREDITS).contains(&grant.credits) {
        Ok(())
    } else {
        let rule = Rule::Range { min: 1, max: MAX_CREDITS };
        Err(Error::bad_field("credits", rule, format!("credits must be from 1 to {MAX_CREDITS}.")))
    };
    enter_checked(app, Kind::GrantCredits, actor, grant, credits).await
}

/// Posts an adjustment, whose credits were checked, once its other arguments are checked.
async fn enter_checked(
    app: &App,
    kind: Kind,
    actor: i64,
    adjustment: Adjustment,
    credits: Result<(), Error>,
) -> Result<ledger_entry::Model, Error> {
    let user_id = input::id(Noun::User, &adjustment.user_id)?;
    let reason = input::line("reason", &adjustment.reason, input::MAX_REASON_BYTES);
    let key = input::line("idempotencyKey", &adjustment.idempotency_key, input::MAX_KEY_BYTES);
    let (_, key) = both(both(credits, reason), key)?;
    let posting = Posting {
        user_id,
        change_type: ChangeType::Grant,
        delta: adjustment.credits,
        unlimited: Unlimited::Keep,
        source: source::manual(user_id, key),
        reference: None,
        notes: Some(adjustment.reason),
        now: app.clock.now(),
    };
    refuse_if_closed(app, &posting).await?;
    let author = Author { user_id: actor, role: Role::Admin };
    let entry = enter(app, kind, author, posting, "credits").await?;
    // Unlike an export's, an adjustment's amount is part of what was requested.
    if entry.credits_delta == adjustment.credits { Ok(entry) } else { Err(Error::KeyReused) }
}

/// Refuses to adjust the balance of a closed account. A repeated request finds its entry there too.
async fn refuse_if_closed(app: &App, posting: &Posting) -> Result<(), Error> {
    let db = app.database.read();
    let user = user::Entity::find_by_id(posting.user_id).one(db).await?;
    if user.is_some_and(|user| user.closed_at.is_some()) && !ledger::is_posted(db, &posting.source).await? {
        let message = "The account is closed. Its balance cannot be adjusted.";
        return Err(Error::bad_field("userId", Rule::AccountClosed, message));
    }
    Ok(())
}

/// Posts one entry in a transaction of its own, with its author, and notifies the watchers. `field` is the argument that is
/// not valid if the balance does not allow the entry.
pub(super) async fn enter(
    app: &App,
    kind: Kind,
    author: Author,
    posting: Posting,
    field: &str,
) -> Result<ledger_entry::Model, Error> {
    let user_id = posting.user_id;
    let outcome = retry(|| post(app, kind, author, posting.clone())).await.map_err(|error| match error {
        ledger::Error::OutOfRange => Error::bad_field(field, Rule::BALANCE, Error::from(error).to_string()),
        other => other.into(),
    });
    match outcome? {
        PostOutcome::Applied(entry) => {
            app.feed.publish(user_id, Hint { ledger: entry.version, ..Hint::default() });
            Ok(entry)
        }
        PostOutcome::Replayed(entry) => Ok(entry),
        PostOutcome::Refused(account) => {
            let rule = Rule::Available(account.available().max(0));
            Err(Error::bad_field(field, rule, overdraft(&account)))
        }
    }
}

/// Says how many credits can be taken from an account.
fn overdraft(account: &credit_account::Model) -> String {
    let (balance, held) = (account.balance, account.held);
    match account.available().max(0) {
        _ if held == 0 => format!("The balance is {balance} credits. No more can be taken."),
        0 => format!("The balance is {balance} credits, of which {held} are held. None can be taken."),
        free => format!("The balance is {balance} credits, of which {held} are held. At most {free} can be taken."),
    }
}

async fn post(app: &App, kind: Kind, author: Author, posting: Posting) -> Result<PostOutcome, ledger::Error> {
    let _turn = app.database.turn_of(posting.user_id).await?;
    let tx = app.database.begin().await?;
    let account = ledger::lock(&tx, posting.user_id).await?;
    let overdraws = posting.delta < 0 && account.available() + posting.delta < 0;
    if overdraws && !ledger::is_posted(&tx, &posting.source).await? {
        return Ok(PostOutcome::Refused(account));
    }
    let outcome = ledger::post(&tx, posting).await?;
    if let PostOutcome::Applied(entry) = &outcome {
        let made = manual_entry::ActiveModel { entry_id: Set(entry.id), actor_id: Set(author.user_id) };
        made.insert(&tx).await?;
        admin_action::record(&tx, app, author, kind, entry).await?;
    }
    tx.commit().await?;
    Ok(outcome)
}

/// The users who made these entries by hand, by the entries' ids.
///
/// # Errors
/// The database's.
pub async fn actors(db: &impl ConnectionTrait, entries: &[i64]) -> Result<HashMap<i64, i64>, DbErr> {
    let made = manual_entry::Entity::find().filter(manual_entry::Column::EntryId.is_in(entries.iter().copied()));
    Ok(made.all(db).await?.into_iter().map(|made| (made.entry_id, made.actor_id)).collect())
}
