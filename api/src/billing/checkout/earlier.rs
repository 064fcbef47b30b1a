//! What became of earlier checkouts. Stripe knows: an open one may be paid at any moment, and a paid one may not have been
//! told yet.

use chrono::TimeDelta;
use entity::{operation, subscription as row};

use crate::{
    app::App,
    billing::{
        operation::{Request, request_of},
        subscription::{self, living},
    },
    error::Error,
    stripe::{Failure, NewSession, Session, SessionMode, SessionStatus},
};

/// How long a session stays open at Stripe unless it is told otherwise.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// How far our clock may be from Stripe's.
const SKEW: TimeDelta = TimeDelta::minutes(10);

/// What must be left of a session's life, so that there is time to pay.
const LEAST_LIFE: TimeDelta = TimeDelta::hours(1);

/// What earlier checkouts mean to a new one.
pub(super) enum Earlier {
    /// One is open that serves as well as a new one.
    Serves(Session),
    /// One was paid.
    Paid(row::Model),
    /// None can be paid any more.
    Over,
}

/// Looks at the checkouts that can still be open, of which `last` was the last to be asked for, and closes those that do not
/// serve. Those of other makers are none of our business.
pub(super) async fn look(app: &App, last: &operation::Model, new: &NewSession) -> Result<Earlier, Error> {
    let wall = app.clock.wall();
    if last.created_at + LIFETIME + SKEW < wall {
        return Ok(Earlier::Over);
    }
    // Stripe's clock is business time, which is never behind wall time.
    let span = wall - LIFETIME - SKEW..=app.clock.now() + SKEW;
    let mut sessions = app.payments()?.stripe.sessions(&new.customer, span).await?;
    let user = new.user_id.to_string();
    let ours = |session: &Session| session.metadata.get("user_id") == Some(&user);
    sessions.retain(|session| session.mode == SessionMode::Subscription && ours(session));
    for session in &sessions {
        settle(app, session).await?;
    }
    if let Some(subscription) = living(app, new.user_id).await? {
        return Ok(Earlier::Paid(subscription));
    }
    let mut serving = None;
    for session in sessions.into_iter().filter(is_open) {
        if serving.is_none() && serves(app, &session, new).await? {
            serving = Some(session);
        } else {
            close(app, &session).await?;
        }
    }
    // One that was paid while it was being closed.
    if let Some(subscription) = living(app, new.user_id).await? {
        return Ok(Earlier::Paid(subscription));
    }
    Ok(serving.map_or(Earlier::Over, Earlier::Serves))
}

fn is_open(session: &Session) -> bool {
    session.status == Some(SessionStatus::Open)
}

/// Whether the session is what a new one would be, and will be for a while.
async fn serves(app: &App, session: &Session, new: &NewSession) -> Result<bool, Error> {
    if session.url.is_none() || session.expires_at < app.clock.now() + LEAST_LIFE {
        return Ok(false);
    }
    let key = session.made_by().unwrap_or_default();
    Ok(matches!(request_of(app, new.user_id, key).await?, Some(Request::Checkout(asked)) if asked == *new))
}

/// Closes a session, which somebody may be paying at this moment.
async fn close(app: &App, session: &Session) -> Result<(), Error> {
    let stripe = &app.payments()?.stripe;
    match stripe.expire_session(&session.id).await {
        Ok(_) => Ok(()),
        // It is open no longer, also where the answer to an earlier attempt was lost.
        Err(Failure::Refused(refusal)) if refusal.status == 400 => match stripe.session(&session.id).await? {
            still if is_open(&still) => Err(Error::StripeUnavailable),
            over => settle(app, &over).await,
        },
        Err(failure) => Err(failure.into()),
    }
}

/// Settles the subscription of a paid session, unless we have heard of it.
async fn settle(app: &App, session: &Session) -> Result<(), Error> {
    let Some(id) = session.subscription.as_deref() else { return Ok(()) };
    if !subscription::is_known(app, id).await? {
        subscription::refresh(app, id).await?;
    }
    Ok(())
}
