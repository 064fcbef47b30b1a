//! Checkouts of plans: one a user at a time, and none beside a subscription.

mod earlier;

use entity::{Tier, operation::Kind, subscription};

use self::earlier::Earlier;
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

/// How often a new checkout makes way for another that is opened at the same time.
const ATTEMPTS: u32 = 3;

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

/// Opens a checkout of a plan, unless the user has a subscription. An open one of the same plan that leads to the same
/// places is answered again; any other is closed, so that it cannot be paid beside the new one.
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
    app.clone().finish(async move { open_plan(&app, user_id, item, to).await }).await
}

/// Opens it, with another customer where Stripe refuses since this one was deleted.
async fn open_plan(app: &App, user_id: i64, item: Item, to: Redirects) -> Result<Opened, Error> {
    match follow_last(app, user_id, item.clone(), to.clone()).await {
        Err(Error::StripeRefused(_)) if customer::turns_out_deleted(app, user_id).await? => {
            follow_last(app, user_id, item, to).await
        }
        opened => opened,
    }
}

/// Each new checkout follows the last one: whoever opens it has looked at what became of that.
async fn follow_last(app: &App, user_id: i64, item: Item, to: Redirects) -> Result<Opened, Error> {
    let new = to.leading_from(item, user_id, customer::ensure(app, user_id).await?);
    for _ in 0..ATTEMPTS {
        let last = operation::last(app, user_id, Kind::Checkout).await?;
        if let Some(last) = &last {
            match earlier::look(app, last, &new).await? {
                Earlier::Serves(session) => return Ok(Opened::Checkout(session)),
                Earlier::Paid(subscription) => return Ok(Opened::AlreadySubscribed(subscription)),
                Earlier::Over => {}
            }
        }
        let last = last.map(|last| last.id);
        if let Some(reply) = operation::follow(app, user_id, Request::Checkout(new.clone()), last).await? {
            return session(reply).map(Opened::Checkout);
        }
    }
    Err(Error::Conflict("another checkout of yours is being opened: ask again"))
}

/// Opens a checkout of a pack, with another customer where Stripe refuses since this one was deleted.
pub(super) async fn open_pack(app: &App, user_id: i64, item: Item, to: Redirects) -> Result<Session, Error> {
    match purchase(app, user_id, item.clone(), to.clone()).await {
        Err(Error::StripeRefused(_)) if customer::turns_out_deleted(app, user_id).await? => {
            purchase(app, user_id, item, to).await
        }
        opened => opened,
    }
}

async fn purchase(app: &App, user_id: i64, item: Item, to: Redirects) -> Result<Session, Error> {
    let new = to.leading_from(item, user_id, customer::ensure(app, user_id).await?);
    session(operation::run(app, user_id, Request::Purchase(new)).await?)
}

fn session(reply: Reply) -> Result<Session, Error> {
    match reply {
        Reply::Session(session) => Ok(*session),
        other => Err(Error::Internal(format!("asked for a checkout, was answered {other:?}"))),
    }
}

impl Redirects {
    pub(super) fn check(&self, app: &App) -> Result<(), Error> {
        let allowed = &app.config.redirect_origins;
        redirect::check("successUrl", &self.success_url, allowed)?;
        redirect::check("cancelUrl", &self.cancel_url, allowed)
    }

    fn leading_from(self, item: Item, user_id: i64, customer: String) -> NewSession {
        NewSession { user_id, customer, item, success_url: self.success_url, cancel_url: self.cancel_url }
    }
}
