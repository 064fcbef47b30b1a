//! What is asked of Stripe: how it is asked for, how it is looked up, and how the reply is settled.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use entity::operation::{Kind, Model};
use serde::{Deserialize, Serialize};

use super::duplicate::Duplicate;
use crate::{
    app::App,
    billing::steering::{self, CHARGE_WITHIN, Steered, Wish},
    error::Error,
    settle::{Fact, Said},
    stripe::{Failure, NewCustomer, NewSession, Session, Stripe, Subscription},
};

/// Stripe may forget a key after 24 hours.
const KEY_LIFETIME: TimeDelta = TimeDelta::hours(23);

/// How far our clock may be from Stripe's.
const SKEW: TimeDelta = TimeDelta::minutes(10);

/// What is asked of Stripe, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Make a customer.
    Customer(NewCustomer),
    /// Open a checkout of a plan.
    Checkout(NewSession),
    /// Open a checkout of a credit pack.
    Purchase(NewSession),
    /// End a subscription (`sub_...`) with its period.
    Cancellation(String),
    /// Let a subscription (`sub_...`) go on as it is.
    Resumption(String),
    /// Let a subscription go on at another price.
    PlanChange {
        /// `sub_...`.
        subscription: String,
        /// `price_...`.
        price: String,
    },
    /// Undo a subscription that was sold beside another.
    Duplicate(Duplicate),
}

/// What Stripe answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The customer's id.
    Customer(String),
    /// The checkout.
    Session(Box<Session>),
    /// The subscription as it was when we asked at this second (Unix time, by our clock).
    Subscription(Box<Subscription>, i64),
    /// What came of a wish about a subscription.
    Steered(Box<Steered>),
}

impl Request {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Customer(_) => Kind::Customer,
            Self::Checkout(_) => Kind::Checkout,
            Self::Purchase(_) => Kind::Purchase,
            Self::Cancellation(_) | Self::Resumption(_) | Self::PlanChange { .. } => Kind::Steering,
            Self::Duplicate(_) => Kind::Duplicate,
        }
    }

    /// What it changes, where that is known before.
    pub(super) fn object(&self) -> Option<&str> {
        match self {
            Self::Customer(_) | Self::Checkout(_) | Self::Purchase(_) => None,
            Self::Cancellation(id) | Self::Resumption(id) => Some(id),
            Self::PlanChange { subscription, .. } => Some(subscription),
            Self::Duplicate(duplicate) => Some(&duplicate.subscription),
        }
    }
}

impl Reply {
    /// What Stripe made or changed.
    pub(super) fn object(&self) -> &str {
        match self {
            Self::Customer(id) => id,
            Self::Session(session) => &session.id,
            Self::Subscription(subscription, _) => &subscription.id,
            Self::Steered(steered) => steered.id(),
        }
    }

    /// What it means to our tables.
    pub(super) fn facts(&self, user_id: i64) -> Vec<Fact> {
        match self {
            Self::Customer(customer) => vec![Fact::Customer { user_id, customer: customer.clone() }],
            Self::Session(_) => vec![Fact::Opened],
            Self::Subscription(subscription, at) => {
                vec![Fact::Subscription { subscription: (**subscription).clone(), said: Said::Reply { at: *at } }]
            }
            Self::Steered(steered) => steered.facts(),
        }
    }

    /// Whether it still serves whoever asks. A checkout that was found late may have been closed meanwhile.
    pub(super) fn serves(&self) -> bool {
        match self {
            Self::Session(session) => session.url.is_some(),
            Self::Customer(_) | Self::Subscription(..) | Self::Steered(_) => true,
        }
    }
}

/// An operation, and Stripe to ask it of.
pub(super) struct Asking<'a> {
    pub(super) app: &'a App,
    pub(super) stripe: &'a Stripe,
    pub(super) operation: &'a Model,
    request: Request,
}

impl<'a> Asking<'a> {
    pub(super) fn new(app: &'a App, operation: &'a Model) -> Result<Self, Error> {
        Ok(Self { app, stripe: &app.payments()?.stripe, operation, request: stored(operation)? })
    }

    /// Gets the reply: by the call with the operation's key as long as Stripe keeps that, and by looking where the key tells
    /// nothing any more. `None` when Stripe shows that it did not happen.
    pub(super) async fn reply(&self) -> Result<Option<Reply>, Failure> {
        if self.operation.created_at + KEY_LIFETIME < self.app.clock.wall() {
            return self.look_up().await;
        }
        match self.ask().await {
            Err(Failure::Broken { .. }) => self.look_up().await,
            // Each step looks first, so that nothing is lost with the key: an old wish that is stuck makes way.
            Err(Failure::Unknown { .. } | Failure::Unreachable { .. }) if self.is_old_wish() => Ok(None),
            answer => answer,
        }
    }

    fn is_old_wish(&self) -> bool {
        self.request.kind() == Kind::Steering && self.operation.created_at + CHARGE_WITHIN < self.app.clock.wall()
    }

    /// Makes the call. However often it is made under one key, Stripe does it once.
    async fn ask(&self) -> Result<Option<Reply>, Failure> {
        let key = self.operation.idempotency_key.as_str();
        Ok(Some(match &self.request {
            Request::Customer(new) => Reply::Customer(self.stripe.create_customer(key, new).await?),
            Request::Checkout(new) | Request::Purchase(new) => {
                Reply::Session(Box::new(self.stripe.create_session(key, new).await?))
            }
            Request::Cancellation(id) => return self.steer(id, Wish::End).await,
            Request::Resumption(id) => return self.steer(id, Wish::GoOn).await,
            Request::PlanChange { subscription, price } => return self.steer(subscription, Wish::Plan(price)).await,
            Request::Duplicate(duplicate) => self.undo(duplicate).await?,
        }))
    }

    async fn steer(&self, subscription: &str, wish: Wish<'_>) -> Result<Option<Reply>, Failure> {
        let steered = steering::steer(self.app, self.operation, subscription, wish).await?;
        Ok(steered.map(|steered| Reply::Steered(Box::new(steered))))
    }

    /// Looks at Stripe for what earlier calls have done, by what they wrote and never by an email address: several
    /// installations may share one Stripe account.
    async fn look_up(&self) -> Result<Option<Reply>, Failure> {
        let key = self.operation.idempotency_key.as_str();
        match &self.request {
            Request::Customer(_) => {
                let made = self.stripe.customer_made_by(key, self.made_at()).await?;
                Ok(made.map(Reply::Customer))
            }
            Request::Checkout(new) | Request::Purchase(new) => {
                let sessions = self.stripe.sessions(&new.customer, self.made_at()).await?;
                Ok(sessions
                    .into_iter()
                    .find(|session| session.made_by() == Some(key))
                    .map(Box::new)
                    .map(Reply::Session))
            }
            // It looks before each of its steps, and is never given up.
            Request::Duplicate(duplicate) => self.undo(duplicate).await.map(Some),
            // So does a wish, but one of yesterday is nobody's any more.
            Request::Cancellation(_) | Request::Resumption(_) | Request::PlanChange { .. } => Ok(None),
        }
    }

    pub(super) async fn subscription(&self, id: &str) -> Result<Reply, Failure> {
        let at = self.app.clock.now().timestamp();
        let subscription = self.stripe.subscription(id).await?;
        Ok(Reply::Subscription(Box::new(subscription), at))
    }

    /// When Stripe may have made it. Stripe's clock is business time, which is never behind the wall time of the operation.
    fn made_at(&self) -> RangeInclusive<DateTime<Utc>> {
        let from = self.operation.created_at;
        let ahead = self.app.clock.now() - self.app.clock.wall();
        from - SKEW..=from + TimeDelta::hours(24) + ahead + SKEW
    }
}

pub(super) fn stored(operation: &Model) -> Result<Request, Error> {
    serde_json::from_value(operation.request.clone()).map_err(|error| Error::Internal(error.to_string()))
}
