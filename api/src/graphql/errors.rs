//! Every error leaves with a code, and none with its cause.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    ErrorExtensionValues, Response, ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextSubscribe},
    futures_util::stream::{BoxStream, StreamExt},
    parser::types::ExecutableDocument,
};

use super::RequestId;
use crate::{clock, error::Error};

/// Gives every error its code. One is made for each request.
#[derive(Default)]
pub(super) struct Codes {
    /// The request's id, once the request is known.
    id: OnceLock<RequestId>,
}

impl ExtensionFactory for Codes {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self::default())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Codes {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        let id = self.id.get().cloned().unwrap_or_else(|| request_id(ctx));
        coded(response, &id)
    }

    /// The first that is told of the request's data.
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        self.id.get_or_init(|| request_id(ctx));
        next.run(ctx, query, variables).await
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let id = request_id(ctx);
        next.run(ctx, stream).map(move |response| coded(response, &id)).boxed()
    }
}

fn request_id(ctx: &ExtensionContext<'_>) -> RequestId {
    ctx.data_opt::<RequestId>().cloned().unwrap_or_else(|| RequestId(clock::random_id()))
}

/// How many errors one response tells. Thousands could be made with a document of some kilobytes, and nobody reads them.
const MAX_ERRORS: usize = 20;

fn coded(mut response: Response, id: &RequestId) -> Response {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        code(error, id);
    }
    response
}

fn code(error: &mut ServerError, RequestId(id): &RequestId) {
    let code = match error.source::<Error>() {
        Some(known) => {
            let code = known.code();
            if matches!(known, Error::Internal(_) | Error::StripeRefused(_) | Error::Unavailable(_)) {
                tracing::error!(request = id, code, cause = ?known, "a request failed");
            }
            code
        }
        // What the library refuses before anything runs: a document that does not parse, validate or fit the limits.
        None if error.path.is_empty() => "BAD_REQUEST",
        None => "BAD_USER_INPUT",
    };
    let retry_after = error.source::<Error>().and_then(Error::retry_after);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if let Some(seconds) = retry_after {
        extensions.set("retryAfter", seconds);
    }
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    if code == "INTERNAL" {
        extensions.set("requestId", id.as_str());
        "something went wrong on our side: name the request id when you ask about it".clone_into(&mut error.message);
    }
}
