//! Finds the caller by the authorization in a header, or in a socket's first message.

use axum::http::{HeaderMap, header};

use crate::{
    accounts,
    app::App,
    auth::{self, Viewer},
    error::Error,
    telemetry,
};

/// The caller: `None` without a token, and an error if the token is not valid. Headers and sockets both use this.
///
/// # Errors
/// [`Error::Unauthenticated`]; [`Error::AlreadyExists`] when another issuer's user has an email that is taken.
pub(super) async fn viewer(app: &App, authorization: Option<&str>) -> Result<Option<Viewer>, Error> {
    let Some(authorization) = authorization else {
        return Ok(None);
    };
    let bearer = app.tokens.verify(auth::bearer(authorization)?, app.clock.wall()).await?;
    let viewer = accounts::ensure(app, bearer).await?;
    telemetry::record_user(viewer.user_id);
    Ok(Some(viewer))
}

/// The text of the header `Authorization`. Clients send an empty one while nobody is logged in; it counts as none. A value
/// that is not text counts as an invalid token.
pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or("not text")).filter(|text| !is_empty(text))
}

/// Returns true if an authorization is empty.
pub(super) fn is_empty(authorization: &str) -> bool {
    authorization.trim().is_empty()
}
