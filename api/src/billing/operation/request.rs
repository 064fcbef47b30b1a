//! What is asked of Stripe: how it is asked for, how it is looked up, and how the reply is settled.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use entity::operation::{Kind, Model};
use serde::{Deserialize, Serialize};

use super::duplicate::Duplicate;
use crate::{
    app::App,
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
    /// Undo a subscription that was sold beside another.
    Duplicate(Duplicate),
}

/// What Stripe answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The customer's id.
    Customer(String),
    /// The checkout.
    Session(Session),
    /// The subscription as it was when we asked at this second (Unix time, by our clock).
    Subscription(Subscription, i64),
}

impl Request {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Customer(_) => Kind::Customer,
            Self::Checkout(_) => Kind::Checkout,
            Self::Purchase(_) => Kind::Purchase,
            Self::Cancellation(_) => Kind::Cancellation,
            Self::Duplicate(_) => Kind::Duplicate,
        }
    }

    /// What it changes, where that is known before.
    pub(super) fn object(&self) -> Option<&str> {
        match self {
            Self::Customer(_) | Self::Checkout(_) | Self::Purchase(_) => None,
            Self::Cancellation(id) => Some(id),
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
        }
    }

    /// What it means to our tables.
    pub(super) fn fact(&self, user_id: i64) -> Fact {
        match self.clone() {
            Self::Customer(customer) => Fact::Customer { user_id, customer },
            Self::Session(_) => Fact::Opened,
            Self::Subscription(subscription, at) => Fact::Subscription { subscription, said: Said::Reply { at } },
        }
    }

    /// Whether it still serves whoever asks. A checkout that was found late may have been closed meanwhile.
    pub(super) fn serves(&self) -> bool {
        match self {
            Self::Session(session) => session.url.is_some(),
            Self::Customer(_) | Self::Subscription(..) => true,
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
            Ok(reply) => Ok(Some(reply)),
            Err(Failure::Broken { .. }) => self.look_up().await,
            Err(failure) => Err(failure),
        }
    }

    /// Makes the call. However often it is made under one key, Stripe does it once.
    async fn ask(&self) -> Result<Reply, Failure> {
        let key = self.operation.idempotency_key.as_str();
        match &self.request {
            Request::Customer(new) => self.stripe.create_customer(key, new).await.map(Reply::Customer),
            Request::Checkout(new) | Request::Purchase(new) => {
                self.stripe.create_session(key, new).await.map(Reply::Session)
            }
            Request::Cancellation(id) => match self.stripe.set_cancel_at_period_end(key, id, true).await {
                // The reply may be the stored one of an earlier attempt, and a refusal says that the subscription is not
                // what we took it for. So what it is now is asked for.
                Ok(_) | Err(Failure::Refused { .. }) => self.subscription(id).await,
                Err(failure) => Err(failure),
            },
            Request::Duplicate(duplicate) => self.undo(duplicate).await,
        }
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
                Ok(sessions.into_iter().find(|session| session.made_by() == Some(key)).map(Reply::Session))
            }
            Request::Cancellation(id) => {
                let now = self.subscription(id).await?;
                let ends =
                    matches!(&now, Reply::Subscription(now, _) if now.cancel_at_period_end || now.ended_at.is_some());
                Ok(ends.then_some(now))
            }
            // It looks before each of its steps, and is never given up.
            Request::Duplicate(duplicate) => self.undo(duplicate).await.map(Some),
        }
    }

    pub(super) async fn subscription(&self, id: &str) -> Result<Reply, Failure> {
        let at = self.app.clock.now().timestamp();
        let subscription = self.stripe.subscription(id).await?;
        Ok(Reply::Subscription(subscription, at))
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
