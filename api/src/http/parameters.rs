//! The parameters of a GraphQL request, by any transport.

use async_graphql::{Extensions, Request, Variables, value};
use serde::{Deserialize, de::DeserializeOwned};

use super::refusal::Refusal;
use crate::{auth::Viewer, graphql::RequestId};

/// The document that a request names, by its text, by its hash, or by both.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Members")]
pub(super) struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Variables,
    extensions: Extensions,
}

/// The members of a request, as JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
    #[serde(default)]
    extensions: Extensions,
}

impl TryFrom<Members> for Parameters {
    type Error = &'static str;

    fn try_from(members: Members) -> Result<Self, Self::Error> {
        let Members { query, document_id, operation_name, variables, mut extensions } = members;
        if let Some(id) = document_id {
            extensions.insert(PERSISTED.to_owned(), value!({ "version": 1, "sha256Hash": id }));
        }
        if query.is_none() && !extensions.contains_key(PERSISTED) {
            return Err("a request has a query, or the hash of one");
        }
        Ok(Self { query: query.unwrap_or_default(), operation_name, variables, extensions })
    }
}

/// The extension that contains the hash of a document.
const PERSISTED: &str = "persistedQuery";

/// The members of a request in a query string, in which all but strings are JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryString {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Parameters {
    /// Reads a body.
    ///
    /// # Errors
    /// The body is not a JSON object with a `query` or the hash of one.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.trim_ascii_start().starts_with(b"[") {
            return Err(Refusal::bad_request("Batches are not supported. Send one request at a time."));
        }
        let expected = r#"The body must be a JSON object such as {"query": "{ plans { name } }"}."#;
        serde_json::from_slice(body).map_err(|_| Refusal::bad_request(expected))
    }

    /// Builds the request of a viewer.
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
    /// Reads the members; `None` if they name no document.
    ///
    /// # Errors
    /// A member that should be JSON is not.
    pub(super) fn read(self) -> Result<Option<Parameters>, Refusal> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let members = Members {
            query: given(self.query),
            document_id: given(self.document_id),
            operation_name: given(self.operation_name),
            variables: json("variables", given(self.variables))?,
            extensions: json("extensions", given(self.extensions))?,
        };
        Ok(members.try_into().ok())
    }
}

fn json<T: Default + DeserializeOwned>(name: &str, text: Option<String>) -> Result<T, Refusal> {
    let Some(text) = text else { return Ok(T::default()) };
    serde_json::from_str(&text).map_err(|_| Refusal::bad_request(format!("{name} must be a JSON object.")))
}
