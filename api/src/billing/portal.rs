//! The customer portal.

use super::{customer, redirect};
use crate::{
    app::App,
    clock,
    error::Error,
    stripe::{Failure, Stripe},
};

pub use crate::stripe::PortalPart;

/// Concurrent requests that find no configuration create one under this key, and get the same answer.
const KEY: &str = "patch-hive-portal-1";

/// Opens the portal for a user and returns its URL. A user who has bought nothing yet can save a payment method there.
///
/// # Errors
/// [`Error::BadInput`] for a URL that is not allowed; those of Stripe.
pub async fn open(app: &App, user_id: i64, return_url: String, part: PortalPart) -> Result<String, Error> {
    redirect::check("returnUrl", &return_url, &app.config.redirect_origins)?;
    app.payments()?;
    let task = app.clone();
    app.finish(async move { session(&task, user_id, &return_url, part).await }).await
}

async fn session(app: &App, user_id: i64, return_url: &str, part: PortalPart) -> Result<String, Error> {
    let open = |customer| {
        let (app, return_url) = (app.clone(), return_url.to_owned());
        async move { session_of(&app, customer, &return_url, part).await }
    };
    customer::with(app, user_id, open).await
}

/// Creating a portal session has no side effects, so it needs no durable operation: each has a key of its own.
async fn session_of(app: &App, customer: String, return_url: &str, part: PortalPart) -> Result<String, Error> {
    let stripe = &app.payments()?.stripe;
    let configured = app.config.stripe.as_ref().and_then(|stripe| stripe.portal_configuration.clone());
    let configuration = match configured {
        Some(configuration) => configuration,
        None => own_configuration(stripe).await?,
    };
    let key = clock::random_id();
    Ok(stripe.create_portal_session(&key, &customer, &configuration, return_url, part).await?)
}

/// The gateway's own configuration: created if there is none, and updated where it has been changed.
async fn own_configuration(stripe: &Stripe) -> Result<String, Failure> {
    Ok(match stripe.known_portal_configuration().await? {
        Some(known) if known.sound => known.id,
        Some(known) => {
            tracing::warn!(configuration = known.id, "the portal configuration was changed and is updated");
            stripe.update_portal_configuration(&clock::random_id(), &known.id).await?.id
        }
        None => stripe.create_portal_configuration(KEY).await?.id,
    })
}
