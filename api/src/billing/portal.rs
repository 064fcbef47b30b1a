//! The customer portal.

use super::{customer, redirect};
use crate::{
    app::App,
    clock,
    error::Error,
    stripe::{Failure, Stripe},
};

/// Several that find no configuration at once make one under this key, and are answered alike.
const KEY: &str = "patch-hive-portal-1";

/// Opens the portal for a user, and answers its page. Who has bought nothing yet finds it empty, and may leave a card.
///
/// # Errors
/// [`Error::BadInput`] for a URL that is not allowed; those of Stripe.
pub async fn open(app: &App, user_id: i64, return_url: String) -> Result<String, Error> {
    redirect::check("returnUrl", &return_url, &app.config.redirect_origins)?;
    app.payments()?;
    let task = app.clone();
    app.finish(async move { session(&task, user_id, &return_url).await }).await
}

/// A session changes nothing, and one whose page nobody was told of is never visited. So it is no operation, and each has
/// a key of its own.
async fn session(app: &App, user_id: i64, return_url: &str) -> Result<String, Error> {
    let customer = customer::ensure(app, user_id).await?;
    let stripe = &app.payments()?.stripe;
    let configured = app.config.stripe.as_ref().and_then(|stripe| stripe.portal_configuration.clone());
    let configuration = match configured {
        Some(configuration) => configuration,
        None => own_configuration(stripe).await?,
    };
    let key = clock::random_id();
    Ok(stripe.create_portal_session(&key, &customer, &configuration, return_url).await?)
}

/// The configuration that the gateway made for itself: made now if there is none, and mended if it has drifted.
async fn own_configuration(stripe: &Stripe) -> Result<String, Failure> {
    Ok(match stripe.known_portal_configuration().await? {
        Some(known) if known.sound => known.id,
        Some(known) => {
            tracing::warn!(configuration = known.id, "the portal offered something else, and is mended");
            stripe.mend_portal_configuration(&clock::random_id(), &known.id).await?.id
        }
        None => stripe.create_portal_configuration(KEY).await?.id,
    })
}
