//! The state of a user's earlier checkouts, read from Stripe: an open one may be paid at any moment, and the webhook of a paid
//! one may still be on its way.

use chrono::TimeDelta;
use entity::{operation, subscription as row};

use super::session::PlanOpening;
use crate::{
    app::App,
    billing::{
        operation::{newest, request_of},
        subscription::{self, current},
    },
    error::Error,
    stripe::{Failure, NewSession, Session, SessionMode, SessionStatus},
};

/// The time that a session stays open at Stripe by default.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// The largest difference between our clock and Stripe's.
const SKEW: TimeDelta = TimeDelta::minutes(10);

/// The time that a session must stay open to be offered again, so that there is time to pay.
const LEAST_LIFE: TimeDelta = TimeDelta::hours(1);

/// The state of earlier checkouts, which decides about a new one.
pub(super) enum Earlier {
    /// One is open and the same as the new one.
    Serves(Session),
    /// One was paid.
    Paid(row::Model),
    /// None can be paid any longer.
    Over,
    /// Another one was requested meanwhile, which decides now.
    Outdated,
}

/// Looks at the checkouts that can still be open, of which `last` was requested last, and closes those that differ from `new`.
/// Sessions that were created elsewhere are left alone.
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
        apply(app, session).await?;
    }
    if let Some(subscription) = current(app, new.user_id).await? {
        return Ok(Earlier::Paid(subscription));
    }
    // A session of a later request is not ours to close: its request follows this one, and may be the last.
    if newest(app.database.read(), new.user_id, last.kind).await?.is_none_or(|newest| newest.id != last.id) {
        return Ok(Earlier::Outdated);
    }
    let mut serving = None;
    for session in sessions.into_iter().filter(is_open) {
        if serving.is_none() && serves(app, &session, new).await? {
            serving = Some(session);
        } else {
            close(app, &session).await?;
        }
    }
    // Another one may have been paid while it was being closed.
    if let Some(subscription) = current(app, new.user_id).await? {
        return Ok(Earlier::Paid(subscription));
    }
    Ok(serving.map_or(Earlier::Over, Earlier::Serves))
}

/// Closes all checkouts of a user's customer that can still be paid, of plans and of packs, and applies what was paid.
pub(in crate::billing) async fn close_all(app: &App, user_id: i64, customer: &str) -> Result<(), Error> {
    let span = app.clock.wall() - LIFETIME - SKEW..=app.clock.now() + SKEW;
    let user = user_id.to_string();
    let sessions = app.payments()?.stripe.in_background().sessions(customer, span).await?;
    for session in sessions.iter().filter(|session| session.metadata.get("user_id") == Some(&user)) {
        apply(app, session).await?;
        if is_open(session) {
            close(app, session).await?;
        }
    }
    Ok(())
}

fn is_open(session: &Session) -> bool {
    session.status == Some(SessionStatus::Open)
}

/// True where the session is the same as the new one and stays open long enough.
async fn serves(app: &App, session: &Session, new: &NewSession) -> Result<bool, Error> {
    if session.url.is_none() || session.expires_at < app.clock.now() + LEAST_LIFE {
        return Ok(false);
    }
    let key = session.made_by().unwrap_or_default();
    let requested = request_of::<PlanOpening>(app, new.user_id, key).await?;
    Ok(requested == Some(PlanOpening::new(new.clone())))
}

/// Closes a session, which the user may be paying at this moment.
async fn close(app: &App, session: &Session) -> Result<(), Error> {
    let stripe = &app.payments()?.stripe;
    match stripe.expire_session(&session.id).await {
        Ok(()) => Ok(()),
        // The session is no longer open, perhaps because an earlier attempt closed it and its reply was lost.
        Err(Failure::Refused(refusal)) if refusal.status == 400 => match stripe.session(&session.id).await? {
            still if is_open(&still) => Err(Error::StripeUnavailable),
            over => apply(app, &over).await,
        },
        Err(failure) => Err(failure.into()),
    }
}

/// Applies the subscription of a paid session, unless it is stored already.
async fn apply(app: &App, session: &Session) -> Result<(), Error> {
    let Some(id) = session.subscription.as_deref() else { return Ok(()) };
    if !subscription::is_known(app, id).await? {
        subscription::refresh(app, id).await?;
    }
    Ok(())
}
