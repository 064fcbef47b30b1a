//! A webhook endpoint that is sent too few events: subscriptions roll over, and their money is never heard of.

use chrono::TimeDelta;
use entity::{
    event,
    subscription::{self, Status},
};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, sea_query::Expr};

use crate::{app::App, error::Error};

/// The types of events that tell of an invoice's money.
const PAID: [&str; 2] = ["invoice.paid", "invoice.payment_succeeded"];

/// How long after a renewal its money may take: Stripe charges it after an hour, or after three days when the endpoint did
/// not answer.
const PATIENCE: TimeDelta = TimeDelta::days(4);

/// Whether a subscription has rolled over, days ago, and no paid invoice was ever heard of: each renewal's credits are missing
/// then.
///
/// # Errors
/// What the database says.
pub async fn renewals_go_unheard(app: &App) -> Result<bool, Error> {
    let db = app.database.read();
    let heard = event::Entity::find()
        .select_only()
        .column(event::Column::EventId)
        .filter(event::Column::Kind.is_in(PAID))
        .into_tuple::<String>()
        .one(db)
        .await?;
    if heard.is_some() {
        return Ok(false);
    }
    let made = Expr::col((subscription::Entity, subscription::Column::CreatedAt));
    let rolled = subscription::Entity::find()
        .filter(subscription::Column::Status.eq(Status::Active))
        .filter(Expr::col((subscription::Entity, subscription::Column::CurrentPeriodStart)).gt(made))
        .filter(subscription::Column::CurrentPeriodStart.lt(app.clock.now() - PATIENCE))
        .one(db)
        .await?;
    Ok(rolled.is_some())
}
