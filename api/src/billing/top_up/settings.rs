//! The settings of automatic top-ups, and the card that they charge.

use entity::auto_top_up::{ActiveModel, Model};
use entity::{top_up, work::Kind};
use futures_util::{Stream, stream};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{decision::charged, purchase::price};
use crate::{
    app::App,
    billing::{
        checkout::{Redirects, open_card},
        payment::MIN_AMOUNT,
    },
    error::{Error, Rule, both},
    feed::{Hint, Subject, Watcher},
    ledger,
    plan::MAX_PACK_CREDITS,
    stripe::Session,
    sync, work,
};

/// The largest threshold, in credits.
const MAX_BELOW: i64 = 10_000;

/// The largest cap. Cents (USD).
const MAX_CAP: i64 = 1_000_000;

/// The settings that a user chooses.
#[derive(Clone, Copy, Debug)]
pub struct SetAutoTopUp {
    /// Credits are added when fewer than these are available.
    pub below: i64,
    /// The credits of a top-up.
    pub credits: i64,
    /// The most that is charged in a calendar month (UTC). Cents (USD).
    pub monthly_cap: i64,
}

/// The result of enabling or resuming top-ups.
#[derive(Clone, Debug)]
pub enum SetResult {
    /// The new state.
    Changed(Box<AutoTopUpState>),
    /// No card is saved.
    CardRequired,
}

/// The automatic top-ups of a user.
#[derive(Clone, Debug)]
pub struct AutoTopUpState {
    /// The settings, and the saved card. `None` for a user who has never saved a card.
    pub settings: Option<Model>,
    /// The amount that counts against the cap of the current month. Cents (USD).
    pub charged: i64,
    /// The newest top-up.
    pub latest: Option<top_up::Model>,
}

impl SetAutoTopUp {
    fn check(self) -> Result<(), Error> {
        let within = |field: &str, value: i64, min: i64, max: i64| {
            let message = format!("{field} must be from {min} to {max}.");
            let is_valid = (min..=max).contains(&value);
            if is_valid { Ok(()) } else { Err(Error::bad_field(field, Rule::Range { min, max }, message)) }
        };
        let below = within("below", self.below, 1, MAX_BELOW);
        let credits = within("credits", self.credits, 1, MAX_PACK_CREDITS);
        let cap = within("monthlyCap", self.monthly_cap, MIN_AMOUNT, MAX_CAP);
        both(both(below, credits), cap)?;
        let price = price(self.credits);
        if price > self.monthly_cap {
            let message = format!("monthlyCap must be at least the price of {} credits, {price} cents.", self.credits);
            return Err(Error::bad_field("monthlyCap", Rule::Range { min: price, max: MAX_CAP }, message));
        }
        Ok(())
    }
}

/// Enables top-ups with these settings. A pause stays until the user resumes.
///
/// # Errors
/// [`Error::BadInput`]; [`Error::StripeDisabled`]; the database's.
pub async fn set(app: &App, user_id: i64, wanted: SetAutoTopUp) -> Result<SetResult, Error> {
    wanted.check()?;
    app.payments()?;
    let SetAutoTopUp { below, credits, monthly_cap } = wanted;
    let change = ActiveModel {
        below: Set(Some(below)),
        credits: Set(Some(credits)),
        monthly_cap: Set(Some(monthly_cap)),
        enabled: Set(true),
        not_before: Set(None),
        ..Default::default()
    };
    let has_card = |settings: &Model| settings.payment_method.is_some();
    enable(app, user_id, change, has_card).await
}

/// Lifts a pause. Without one nothing changes: the wait after a declined payment goes on.
///
/// # Errors
/// [`Error::NotFound`] for a user who has not enabled top-ups; the database's.
pub async fn resume(app: &App, user_id: i64) -> Result<SetResult, Error> {
    app.payments()?;
    let settings = sync::top_up_settings(app.database.read(), user_id).await?;
    let Some(settings) = settings.filter(|settings| settings.enabled) else {
        return Err(Error::NotFound("automatic top-up"));
    };
    if settings.pause.is_none() {
        return Ok(SetResult::Changed(Box::new(state(app, user_id).await?)));
    }
    let change = ActiveModel {
        pause: Set(None),
        paused_at: Set(None),
        declines: Set(0),
        not_before: Set(None),
        ..Default::default()
    };
    enable(app, user_id, change, |settings| settings.enabled && settings.payment_method.is_some()).await
}

/// Disables top-ups, and forgets a pause. A charge that Stripe has not attempted yet is withdrawn, and one that waits for its
/// confirmation is canceled; a payment under way goes on.
///
/// # Errors
/// The database's.
pub async fn disable(app: &App, user_id: i64) -> Result<AutoTopUpState, Error> {
    let change = ActiveModel {
        enabled: Set(false),
        pause: Set(None),
        paused_at: Set(None),
        declines: Set(0),
        not_before: Set(None),
        ..Default::default()
    };
    write(app, user_id, change, |_| true).await?;
    state(app, user_id).await
}

/// Forgets the card, which was removed at Stripe.
pub(super) async fn forget_card(app: &App, user_id: i64) -> Result<(), Error> {
    let change = ActiveModel {
        payment_method: Set(None),
        card_brand: Set(None),
        card_last4: Set(None),
        card_expiry_month: Set(None),
        card_expiry_year: Set(None),
        ..Default::default()
    };
    write(app, user_id, change, |_| true).await.map(drop)
}

async fn enable(
    app: &App,
    user_id: i64,
    change: ActiveModel,
    may: impl Fn(&Model) -> bool + Send,
) -> Result<SetResult, Error> {
    if !write(app, user_id, change, may).await? {
        return Ok(SetResult::CardRequired);
    }
    Ok(SetResult::Changed(Box::new(state(app, user_id).await?)))
}

/// Writes a change of the settings, if there are any and `may` allows it. The task that looks at the account follows.
async fn write(
    app: &App,
    user_id: i64,
    change: ActiveModel,
    may: impl Fn(&Model) -> bool + Send,
) -> Result<bool, Error> {
    let turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    ledger::lock(&tx, user_id).await?;
    let settings = sync::top_up_settings(&tx, user_id).await?;
    let Some(settings) = settings.filter(may) else { return Ok(false) };
    let settings = sync::write_top_up_settings(&tx, &app.clock, &settings, change).await?;
    work::due(&tx, &app.clock, Kind::TopUp, &user_id.to_string()).await?;
    tx.commit().await?;
    drop(turn);
    app.feed.publish(user_id, Hint { top_up: settings.version, ..Hint::default() });
    app.work.wake();
    Ok(true)
}

/// Opens a checkout that saves a card and sells nothing. It has no side effects until the user completes it, so it needs no durable
/// operation.
///
/// # Errors
/// [`Error::BadInput`] for URLs that are not allowed; those of Stripe.
pub async fn start_card_setup(app: &App, user_id: i64, to: Redirects) -> Result<Session, Error> {
    to.check(app)?;
    app.payments()?;
    let task = app.clone();
    app.finish(async move { open_card(&task, user_id, to).await }).await
}

/// The automatic top-ups of a user.
///
/// # Errors
/// The database's.
pub async fn state(app: &App, user_id: i64) -> Result<AutoTopUpState, Error> {
    let db = app.database.read();
    let Some(settings) = sync::top_up_settings(db, user_id).await? else {
        return Ok(AutoTopUpState { settings: None, charged: 0, latest: None });
    };
    let of_user = top_up::Entity::find().filter(top_up::Column::UserId.eq(user_id));
    let latest = of_user.order_by_desc(top_up::Column::Id).one(db).await?;
    let charged = charged(db, user_id, app.clock.now()).await?;
    Ok(AutoTopUpState { settings: Some(settings), charged, latest })
}

/// Watches a user's automatic top-ups: first the current state, then each change.
pub fn watch(app: App, user_id: i64) -> impl Stream<Item = Result<AutoTopUpState, Error>> + Send + 'static {
    let watcher = app.feed.watch(user_id, Subject::TopUp);
    let cursor = Cursor { app, user_id, watcher, seen: None };
    stream::try_unfold(cursor, |mut cursor| async move {
        let state = cursor.next().await?;
        Ok(Some((state, cursor)))
    })
}

struct Cursor {
    app: App,
    user_id: i64,
    watcher: Watcher,
    /// The version that was sent last.
    seen: Option<i64>,
}

impl Cursor {
    async fn next(&mut self) -> Result<AutoTopUpState, Error> {
        // Boxed: every watcher would carry the state of the reads.
        while !Box::pin(self.has_changed()).await? {
            let seen = self.seen.unwrap_or_default();
            self.watcher.beyond(|hint| hint.top_up <= seen).await;
        }
        Box::pin(state(&self.app, self.user_id)).await
    }

    /// Reads the version. Read before the rows: a change in between is sent twice rather than never.
    async fn has_changed(&mut self) -> Result<bool, Error> {
        let versions = sync::top_up_versions(self.app.database.read(), &[self.user_id]).await?;
        let version = versions.get(&self.user_id).copied().unwrap_or_default();
        Ok(self.seen.replace(version) != Some(version))
    }
}
