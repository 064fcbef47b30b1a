//! The state of one checkout. Our rows decide where they can; an open checkout is read from Stripe, because it may have been
//! paid or closed meanwhile.

use chrono::{DateTime, Utc};
use entity::checkout::{Column, Entity, Model, Status};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::{
    app::App,
    database::Old,
    error::Error,
    stripe::Session,
    sync::{self, Fact},
};

/// A checkout of a user.
#[derive(Clone, Debug)]
pub struct CheckoutState {
    /// Its row.
    pub row: Model,
    /// The session with its page, while it is open.
    pub page: Option<Session>,
}

/// A checkout of a user, by the id of its session. `admit` is called before Stripe is, and may refuse.
///
/// # Errors
/// [`Error::NotFound`] where the user did not open it; those of `admit` and of Stripe.
pub async fn find(
    app: &App,
    user_id: i64,
    id: &str,
    admit: impl FnOnce() -> Result<(), Error>,
) -> Result<CheckoutState, Error> {
    let row = stored(app, user_id, id).await?;
    if row.status != Status::Open {
        return Ok(CheckoutState { row, page: None });
    }
    admit()?;
    let session = app.payments()?.stripe.session(id).await?;
    sync::learn(app, Fact::Session { session: session.clone(), failed: false }).await?;
    let row = stored(app, user_id, id).await?;
    let page = if row.status == Status::Open { Some(session) } else { None };
    Ok(CheckoutState { row, page })
}

async fn stored(app: &App, user_id: i64, id: &str) -> Result<Model, Error> {
    // PostgreSQL cannot store NUL in text.
    if id.contains('\0') {
        return Err(Error::NotFound("checkout"));
    }
    let row = Entity::find().filter(Column::StripeCheckoutSessionId.eq(id)).filter(Column::UserId.eq(user_id));
    row.one(app.database.read()).await?.ok_or(Error::NotFound("checkout"))
}

const RECORDED: Old = Old { table: "stripe_checkouts", key: "id", time: "created_at", condition: "true" };

/// Deletes checkouts that were recorded before a time. Returns the number of deleted rows.
///
/// # Errors
/// The database's. The remaining rows are deleted the next time.
pub async fn prune(app: &App, before: DateTime<Utc>) -> Result<u64, DbErr> {
    RECORDED.delete(&app.database, before).await
}
