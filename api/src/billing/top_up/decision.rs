//! The decision to top up, under the account's lock: whether credits are low, nothing is under way, and the cap allows it. The same
//! transaction reserves the amount against the cap and stores the operation that charges it, so that neither can exist without
//! the other, and no second decision follows before the first is over.

use chrono::{DateTime, Utc};
use entity::{
    auto_top_up::{self, Pause},
    credit_account, operation as operation_row,
    top_up::{ActiveModel, Column, Entity, State},
    user,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use super::purchase::{Purchase, month, next_month, purchase};
use crate::{app::App, billing::operation, error::Error, feed::Hint, ledger, stripe::NewTopUp, sync};

/// The settings of a user that are complete.
struct Terms {
    below: i64,
    credits: i64,
    cap: i64,
}

impl Terms {
    fn of(settings: &auto_top_up::Model) -> Option<Self> {
        Some(Self { below: settings.below?, credits: settings.credits?, cap: settings.monthly_cap? })
    }
}

/// Decides about a top-up. `None` where none is needed, or none may begin.
pub(super) async fn decide(app: &App, user_id: i64) -> Result<Option<operation_row::Model>, Error> {
    let turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    let account = ledger::lock(&tx, user_id).await?;
    let Some(settings) = sync::top_up_settings(&tx, user_id).await? else { return Ok(None) };
    let Some(terms) = Terms::of(&settings) else { return Ok(None) };
    let now = app.clock.now();
    if !is_low(&account, &terms, now) || !may_begin(&tx, &settings, now).await? {
        return Ok(None);
    }
    let rest = terms.cap - charged(&tx, user_id, now).await?;
    let begun = match purchase(terms.below - account.available(), terms.credits, rest) {
        Some(bought) if account.balance + bought.credits <= ledger::MAX_BALANCE => {
            begin(app, &tx, &settings, &account, bought).await?
        }
        _ => {
            let not_before = Set(Some(next_month(now)));
            let waits = auto_top_up::ActiveModel { not_before, ..Default::default() };
            sync::write_top_up_settings(&tx, &app.clock, &settings, waits).await?;
            None
        }
    };
    let version = sync::top_up_settings(&tx, user_id).await?.map_or(0, |settings| settings.version);
    tx.commit().await?;
    drop(turn);
    app.feed.publish(user_id, Hint { top_up: version, ..Hint::default() });
    Ok(begun)
}

fn is_low(account: &credit_account::Model, terms: &Terms, now: DateTime<Utc>) -> bool {
    let unlimited = account.unlimited_until.is_some_and(|until| until > now);
    !unlimited && account.available() < terms.below
}

/// True while a top-up that was decided is still to be paid: the credits are low, the user has neither disabled top-ups nor
/// lowered the cap below what was charged, and nothing pauses them.
pub(super) async fn is_wanted(app: &App, new: &NewTopUp) -> Result<bool, Error> {
    let (db, now) = (app.database.read(), app.clock.now());
    let Some(settings) = sync::top_up_settings(db, new.user_id).await? else { return Ok(false) };
    let account = ledger::account(db, new.user_id).await?;
    let (Some(terms), Some(account)) = (Terms::of(&settings), account) else { return Ok(false) };
    let within_cap = charged(db, new.user_id, now).await? <= terms.cap;
    Ok(settings.is_active() && within_cap && is_low(&account, &terms, now) && !is_closed(db, new.user_id).await?)
}

async fn is_closed(db: &impl ConnectionTrait, user_id: i64) -> Result<bool, DbErr> {
    let closed = user::Entity::find_by_id(user_id).filter(user::Column::ClosedAt.is_not_null());
    Ok(closed.one(db).await?.is_some())
}

/// True where the user has enabled top-ups, nothing delays or pauses them, none is under way, and the account is not closed.
async fn may_begin(tx: &DatabaseTransaction, settings: &auto_top_up::Model, now: DateTime<Utc>) -> Result<bool, DbErr> {
    if !settings.is_active() || settings.not_before.is_some_and(|at| at > now) {
        return Ok(false);
    }
    let of_user = Entity::find().filter(Column::UserId.eq(settings.user_id));
    let under_way = of_user.filter(Column::State.is_in(State::UNDER_WAY)).count(tx).await?;
    Ok(under_way == 0 && !is_closed(tx, settings.user_id).await?)
}

/// The amount that counts against the cap of the month of a time: of all top-ups that were decided in it and have not failed.
/// Cents (USD).
pub(super) async fn charged(db: &impl ConnectionTrait, user_id: i64, at: DateTime<Utc>) -> Result<i64, DbErr> {
    let amounts = Entity::find()
        .select_only()
        .column(Column::Amount)
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Month.eq(month(at)))
        .filter(Column::State.ne(State::Failed));
    Ok(amounts.into_tuple::<i64>().all(db).await?.into_iter().sum())
}

/// Reserves the amount, and stores the operation. Without a card to charge, top-ups are paused instead.
async fn begin(
    app: &App,
    tx: &DatabaseTransaction,
    settings: &auto_top_up::Model,
    account: &credit_account::Model,
    bought: Purchase,
) -> Result<Option<operation_row::Model>, Error> {
    let (user_id, now) = (settings.user_id, app.clock.now());
    let customer = sync::customer_of(tx, user_id).await?;
    let (Some(customer), Some(payment_method)) = (customer, settings.payment_method.clone()) else {
        sync::pause_top_ups(tx, &app.clock, user_id, Pause::NoCard).await?;
        return Ok(None);
    };
    let row = ActiveModel {
        user_id: Set(user_id),
        decided_version: Set(account.version),
        available: Set(account.available()),
        below: Set(settings.below.unwrap_or_default()),
        credits: Set(bought.credits),
        amount: Set(bought.amount),
        cap: Set(settings.monthly_cap.unwrap_or_default()),
        month: Set(month(now)),
        state: Set(State::Pending),
        created_at: Set(now),
        ..Default::default()
    };
    let row = row.insert(tx).await?;
    let request = NewTopUp {
        user_id,
        top_up: row.id,
        customer,
        payment_method,
        credits: bought.credits,
        amount: bought.amount,
        tax: app.payments()?.session_options.tax,
    };
    let begun = operation::begin_in(app, tx, user_id, &request).await?;
    let named = ActiveModel { id: Unchanged(row.id), operation_id: Set(Some(begun.id)), ..Default::default() };
    named.update(tx).await?;
    sync::write_top_up_settings(tx, &app.clock, settings, auto_top_up::ActiveModel { ..Default::default() }).await?;
    tracing::info!(user_id, top_up = row.id, credits = bought.credits, "an automatic top-up begins");
    Ok(Some(begun))
}
