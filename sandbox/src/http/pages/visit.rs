//! A visit of a page that shows one object, and that remembers the page which the visitor came from.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::form_fields::Fields;
use crate::store::Store;

/// A request for the page of an object.
pub(crate) struct Visit {
    pub(crate) store: Arc<Store>,
    /// The object's id, from the path.
    pub(crate) id: String,
    pub(crate) origin: Origin,
    /// The fields of the form that was sent; empty if the page is only read.
    pub(crate) fields: Fields,
}

impl FromRequest<Arc<Store>> for Visit {
    type Rejection = Response;

    async fn from_request(request: Request, store: &Arc<Store>) -> Result<Visit, Response> {
        let (mut parts, body) = request.into_parts();
        let path = Path::from_request_parts(&mut parts, store).await;
        let Path(id) = path.map_err(IntoResponse::into_response)?;
        let query = Query::from_request_parts(&mut parts, store).await;
        let Query(origin) = query.map_err(IntoResponse::into_response)?;
        let body = Bytes::from_request(Request::from_parts(parts, body), store).await;
        let fields = Fields::read(&body.map_err(IntoResponse::into_response)?);
        Ok(Visit { store: Arc::clone(store), id, origin, fields })
    }
}

/// The page that a visitor came from.
#[derive(Deserialize)]
pub(crate) struct Origin {
    #[serde(default)]
    back: String,
}

impl Origin {
    /// Returns the page that the visitor came from, if it is one of the sandbox: other pages are not linked.
    pub(crate) fn own(&self) -> Option<&str> {
        let back = self.back.as_str();
        (back == "/" || back.starts_with("/portal/")).then_some(back)
    }

    /// Returns the query that remembers the page.
    pub(crate) fn query(&self) -> String {
        self.own().map_or_else(String::new, |back| format!("?back={back}"))
    }

    /// Returns the address of an invoice's page, from which the visitor can go back.
    pub(crate) fn lead_to(&self, invoice: &str) -> String {
        format!("/invoice/{invoice}{}", self.query())
    }
}
