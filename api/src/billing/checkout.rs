//! Checkouts of plans.

use entity::{Tier, subscription};

use super::{
    customer,
    operation::{self, Reply, Request},
    redirect,
    subscription::living,
};
use crate::{
    app::App,
    error::Error,
    stripe::{Item, NewSession, Session},
};

/// Where a checkout may lead back to.
#[derive(Clone, Debug)]
pub struct Redirects {
    /// After the payment.
    pub success_url: String,
    /// After giving up.
    pub cancel_url: String,
}

/// What became of a wish for a plan.
#[derive(Clone, Debug)]
pub enum Opened {
    /// The checkout is open.
    Checkout(Session),
    /// The user has a subscription already, which can be changed instead.
    AlreadySubscribed(subscription::Model),
}

/// Opens a checkout of a plan, unless the user has a subscription.
///
/// # Errors
/// [`Error::BadInput`] for FREE and for URLs that are not allowed; those of Stripe.
pub async fn create(app: &App, user_id: i64, tier: Tier, to: Redirects) -> Result<Opened, Error> {
    to.check(app)?;
    let price =
        app.payments()?.prices.sold(tier).ok_or_else(|| Error::bad_input("tier must be CORE, PRO or STUDIO"))?;
    if let Some(subscription) = living(app, user_id).await? {
        return Ok(Opened::AlreadySubscribed(subscription));
    }
    let item = Item::Plan { tier: tier.as_str().to_owned(), price: price.to_owned() };
    let app = app.clone();
    app.clone().finish(async move { open(&app, user_id, item, to).await.map(Opened::Checkout) }).await
}

/// Opens a checkout of anything.
pub(super) async fn open(app: &App, user_id: i64, item: Item, to: Redirects) -> Result<Session, Error> {
    let customer = customer::ensure(app, user_id).await?;
    let plan = matches!(item, Item::Plan { .. });
    let new = NewSession { user_id, customer, item, success_url: to.success_url, cancel_url: to.cancel_url };
    let request = if plan { Request::Checkout(new) } else { Request::Purchase(new) };
    match operation::run(app, user_id, request).await? {
        Reply::Session(session) => Ok(session),
        other => Err(Error::Internal(format!("asked for a checkout, was answered {other:?}"))),
    }
}

impl Redirects {
    pub(super) fn check(&self, app: &App) -> Result<(), Error> {
        let allowed = &app.config.redirect_origins;
        redirect::check("successUrl", &self.success_url, allowed)?;
        redirect::check("cancelUrl", &self.cancel_url, allowed)
    }
}
