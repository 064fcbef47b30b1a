//! Checkouts of plans: one open session for each user, and none for a subscriber.

pub(super) mod earlier;
mod limit;
pub(super) mod session;
mod state;

use entity::{Tier, subscription};

use self::{
    earlier::Earlier,
    session::{PackOpening, PlanOpening},
};
use super::{customer, operation, redirect, subscription::current};
use crate::{
    app::App,
    clock,
    error::{Error, Rule, both},
    plan::SOLD,
    stripe::{Item, NewSession, Session, SessionOptions},
};

pub use self::state::{CheckoutState, find, prune};

/// Maximum number of attempts to open a checkout while others are opened at the same time.
const ATTEMPTS: u32 = 3;

/// The URLs that a checkout redirects to.
#[derive(Clone, Debug)]
pub struct Redirects {
    /// The URL after the payment.
    pub success_url: String,
    /// The URL if the user cancels.
    pub cancel_url: String,
}

/// The result of opening a checkout of a plan.
#[derive(Clone, Debug)]
pub enum CheckoutResult {
    /// The checkout is open.
    Checkout(Session),
    /// The user has a subscription already, which can be changed instead.
    AlreadySubscribed(subscription::Model),
}

/// Opens a checkout of a plan, unless the user has a subscription. An open one of the same plan with the same redirects is
/// returned again; any other is closed, so that it cannot be paid beside the new one.
///
/// # Errors
/// [`Error::BadInput`] for FREE and for URLs that are not allowed; [`Error::TooManyCheckouts`]; those of Stripe.
pub async fn create(app: &App, user_id: i64, tier: Tier, to: Redirects) -> Result<CheckoutResult, Error> {
    let free = || Error::bad_field("tier", Rule::OneOf(&SOLD), "tier must be CORE, PRO or STUDIO.");
    let price = app.payments()?.prices.sold(tier).ok_or_else(free);
    let (price, ()) = both(price, to.check(app))?;
    if let Some(subscription) = current(app, user_id).await? {
        return Ok(CheckoutResult::AlreadySubscribed(subscription));
    }
    let item = Item::Plan { tier: tier.as_str().to_owned(), price: price.to_owned() };
    let app = app.clone();
    app.clone().finish(async move { open_plan(&app, user_id, item, to).await }).await
}

async fn open_plan(app: &App, user_id: i64, item: Item, to: Redirects) -> Result<CheckoutResult, Error> {
    let options = &app.payments()?.session_options;
    customer::with(app, user_id, |customer| {
        follow_last(app, to.clone().new_session(item.clone(), user_id, customer, options.clone()))
    })
    .await
}

/// Opens a checkout, unless an earlier one of the user serves or was paid.
async fn follow_last(app: &App, new: NewSession) -> Result<CheckoutResult, Error> {
    let user_id = new.user_id;
    for _ in 0..ATTEMPTS {
        let last = operation::last::<PlanOpening>(app, user_id).await?;
        if let Some(last) = &last {
            match earlier::look(app, last, &new).await? {
                Earlier::Serves(session) => return Ok(CheckoutResult::Checkout(session)),
                Earlier::Paid(subscription) => return Ok(CheckoutResult::AlreadySubscribed(subscription)),
                Earlier::Over => {}
                Earlier::Outdated => continue,
            }
        }
        limit::check(app, user_id).await?;
        let last = last.map(|last| last.id);
        if let Some(session) = operation::follow(app, user_id, PlanOpening::new(new.clone()), last).await? {
            return Ok(CheckoutResult::Checkout(session));
        }
    }
    Err(Error::Conflict)
}

/// Opens a checkout of a pack. It accepts no promotion codes: a code for the whole amount would give away the largest pack
/// as often as it can be redeemed, while a plan is subscribed to once.
pub(super) async fn open_pack(app: &App, user_id: i64, item: Item, to: Redirects) -> Result<Session, Error> {
    limit::check(app, user_id).await?;
    let options = SessionOptions { promotion_codes: false, ..app.payments()?.session_options.clone() };
    let open = |customer| {
        let new = to.clone().new_session(item.clone(), user_id, customer, options.clone());
        operation::run(app, user_id, PackOpening::new(new))
    };
    customer::with(app, user_id, open).await
}

/// Opens a checkout that saves a card. Each has a key of its own.
pub(super) async fn open_card(app: &App, user_id: i64, to: Redirects) -> Result<Session, Error> {
    let options = &app.payments()?.session_options;
    let open = |customer| {
        let new = to.clone().new_session(Item::Card, user_id, customer, options.clone());
        async move { Ok(app.payments()?.stripe.create_session(&clock::random_id(), &new).await?) }
    };
    customer::with(app, user_id, open).await
}

impl Redirects {
    pub(super) fn check(&self, app: &App) -> Result<(), Error> {
        let allowed = &app.config.redirect_origins;
        let success = redirect::check("successUrl", &self.success_url, allowed);
        both(success, redirect::check("cancelUrl", &self.cancel_url, allowed)).map(|_| ())
    }

    fn new_session(self, item: Item, user_id: i64, customer: String, options: SessionOptions) -> NewSession {
        NewSession { user_id, customer, item, success_url: self.success_url, cancel_url: self.cancel_url, options }
    }
}
