//! Writes that Stripe has refused, or that were left to the operator, with what to do about each.

use entity::operation::{Column, Entity, Kind, Model};
use sea_orm::{EntityTrait, QueryFilter, sea_query::Expr};

use super::duplicate;
use crate::{
    app::App,
    error::Error,
    page::{Page, Window},
};

/// The operator's part in a refused operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Two subscriptions are paid, and the newer one has been renewed: one of them has to be ended.
    DecideDuplicate,
    /// A second subscription has ended, and its money could not be refunded.
    RefundDuplicate,
    /// A second subscription has ended, and its payment is disputed: the dispute decides about the money.
    AwaitDispute,
    /// The gateway's request does not fit the account at Stripe.
    CheckSettings,
    /// The user's change of plan was not made.
    ReviewSubscription,
    /// The user's automatic top-ups are paused.
    ReviewTopUp,
}

/// Finds what to do about a refused operation.
#[must_use]
pub fn remedy(operation: &Model) -> Remedy {
    match operation.kind {
        Kind::Duplicate if operation.error.as_deref() == Some(duplicate::RENEWED) => Remedy::DecideDuplicate,
        Kind::Duplicate if operation.error.as_deref().is_some_and(is_about_dispute) => Remedy::AwaitDispute,
        Kind::Duplicate => Remedy::RefundDuplicate,
        Kind::Customer | Kind::Checkout | Kind::Purchase => Remedy::CheckSettings,
        Kind::SubscriptionChange => Remedy::ReviewSubscription,
        Kind::TopUp => Remedy::ReviewTopUp,
    }
}

/// Returns `true` for the stored refusal to refund a payment that is disputed.
fn is_about_dispute(error: &str) -> bool {
    error.split([' ', ',']).any(|word| word == "charge_disputed")
}

/// One page of the refused operations, newest first, keyed by id.
///
/// # Errors
/// The database's.
pub async fn page(app: &App, window: Window) -> Result<Page<Model>, Error> {
    // In the words of the index over refused operations.
    let mut cursor = Entity::find().filter(Expr::cust("state = 'refused'")).cursor_by(Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(app.database.read()).await?, &window))
}
