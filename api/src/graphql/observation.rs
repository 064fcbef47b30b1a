//! What operators see of an operation: that it was asked for, how it ended, and a span.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use async_graphql::{
    Name, Request, Response, ServerResult, Value,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest, NextRequest, NextSubscribe,
    },
    futures_util::stream::{BoxStream, StreamExt},
    parser::types::{ExecutableDocument, OperationType},
};
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty};

use super::lexer::without_literals;
use crate::telemetry::{self, Open};

/// Characters of an operation's name that are shown.
const NAME: usize = 100;

/// Characters of a document that are shown.
const DOCUMENT: usize = 4000;

/// Makes the observers.
pub(super) struct Observation;

/// Observes one operation, from its document to its last result.
struct Observer(Arc<Seen>);

/// What was seen of an operation.
struct Seen {
    started: Instant,
    asked: OnceLock<Asked>,
    /// There while a subscription is open.
    open: Mutex<Option<Open>>,
    counted: OnceLock<()>,
}

/// What is asked for.
struct Asked {
    kind: OperationType,
    name: Option<String>,
    /// Kept only where spans are exported.
    document: Option<String>,
}

impl ExtensionFactory for Observation {
    fn create(&self) -> Arc<dyn Extension> {
        let (asked, counted) = (OnceLock::new(), OnceLock::new());
        Arc::new(Observer(Arc::new(Seen { started: Instant::now(), asked, open: Mutex::default(), counted })))
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Observer {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        self.0.count(outcome(&response));
        response
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let seen = Arc::clone(&self.0);
        next.run(ctx, stream).inspect(move |response| seen.count(outcome(response))).boxed()
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        if let Some(asked) = Asked::of(&mut request) {
            if asked.kind == OperationType::Subscription {
                *self.0.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(telemetry::subscription_opened());
            }
            self.0.asked.get_or_init(|| asked);
        }
        next.run(ctx, request).await
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let span = self.0.asked.get().map_or_else(Span::none, Asked::span);
        next.run(ctx, operation_name).instrument(span).await
    }
}

impl Seen {
    /// Counts the operation, once: by its first result. One that had none is counted when it is given up.
    fn count(&self, outcome: &'static str) {
        if self.counted.set(()).is_err() {
            return;
        }
        count(self.asked.get().map(|asked| asked.kind), outcome, self.started.elapsed());
    }
}

/// Counts an operation by its outcome. The time that a subscription is open is none that it takes.
pub(super) fn count(kind: Option<OperationType>, outcome: &'static str, elapsed: Duration) {
    let took = match kind {
        Some(OperationType::Query | OperationType::Mutation) => Some(elapsed),
        Some(OperationType::Subscription) | None => None,
    };
    telemetry::operation(kind.map_or("unknown", word), outcome, took);
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.count("ended");
    }
}

impl Asked {
    /// What a request asks for; `None` where its document does not parse or does not say.
    fn of(request: &mut Request) -> Option<Self> {
        let chosen = request.operation_name.clone();
        let document = telemetry::exporting().then(|| request.query.clone());
        let parsed = request.parsed_query().ok()?;
        let (name, kind) = operation(parsed, chosen.as_deref())?;
        Some(Self { kind, name: name.map(|name| name.chars().take(NAME).collect()), document })
    }

    /// A span as OpenTelemetry's conventions for GraphQL have it.
    fn span(&self) -> Span {
        let kind = word(self.kind);
        let span = tracing::info_span!("graphql", otel.name = Empty, graphql.operation.name = Empty, graphql.operation.type = kind);
        if let Some(name) = &self.name {
            span.record("graphql.operation.name", name);
        }
        if let Some(document) = &self.document {
            let name = self.name.as_ref().map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"));
            span.record("otel.name", name);
            telemetry::document(&span, without_literals(document, DOCUMENT));
        }
        // What is pushed hours later is no part of the request that opened the way.
        if self.kind == OperationType::Subscription {
            telemetry::detach(&span);
        }
        span
    }
}

/// The operation that is to run: its name, and its kind.
fn operation<'a>(document: &'a ExecutableDocument, chosen: Option<&str>) -> Option<(Option<&'a str>, OperationType)> {
    let mut operations = document.operations.iter();
    let (name, operation) = match chosen {
        Some(chosen) => operations.find(|(name, _)| name.map(Name::as_str) == Some(chosen))?,
        None => operations.next()?,
    };
    Some((name.map(Name::as_str), operation.node.ty))
}

const fn word(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

fn outcome(response: &Response) -> &'static str {
    if response.is_ok() {
        "ok"
    } else if response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty()) {
        "refused"
    } else {
        "error"
    }
}
