//! What a GraphQL request is made of, whichever way it comes.

use async_graphql::{Extensions, Request, Variables};
use serde::{Deserialize, de::DeserializeOwned};

use super::refusal::Refusal;
use crate::{auth::Viewer, graphql::RequestId};

/// The members of a request, as JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
    #[serde(default)]
    extensions: Extensions,
}

/// The same in a query string, where whatever is not a string is JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryString {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Parameters {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no JSON object with a `query`.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.trim_ascii_start().starts_with(b"[") {
            return Err(Refusal::bad_request("send one request at a time: batches are not supported"));
        }
        let expected = r#"the body must be a JSON object such as {"query": "{ plans { name } }"}"#;
        serde_json::from_slice(body).map_err(|_| Refusal::bad_request(expected))
    }

    /// Makes it a request of `viewer`'s.
    pub(super) fn request(self, viewer: Option<Viewer>, id: RequestId) -> Request {
        let mut request = Request::new(self.query).variables(self.variables).data(id);
        request.operation_name = self.operation_name;
        request.extensions = self.extensions;
        match viewer {
            Some(viewer) => request.data(viewer),
            None => request,
        }
    }
}

impl QueryString {
    /// Reads the members; `None` without a `query`.
    ///
    /// # Errors
    /// What should be JSON is none.
    pub(super) fn read(self) -> Result<Option<Parameters>, Refusal> {
        let Some(query) = self.query.filter(|query| !query.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(Parameters {
            query,
            operation_name: self.operation_name.filter(|name| !name.is_empty()),
            variables: json("variables", self.variables)?,
            extensions: json("extensions", self.extensions)?,
        }))
    }
}

fn json<T: Default + DeserializeOwned>(name: &str, text: Option<String>) -> Result<T, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(T::default());
    };
    serde_json::from_str(&text).map_err(|_| Refusal::bad_request(format!("{name} must be a JSON object")))
}
