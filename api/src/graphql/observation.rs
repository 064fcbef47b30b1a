//! Metrics and a span for each operation.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use async_graphql::{
    Name, Request, Response, Value,
    parser::types::{ExecutableDocument, OperationType},
};
use tokio::time::Instant;
use tracing::{Span, field::Empty};

use super::lexer::without_literals;
use crate::telemetry::{self, Open};

/// Maximum number of characters of an operation's name.
const NAME: usize = 100;

/// Maximum number of characters of a document.
const DOCUMENT: usize = 4000;

/// Observes one operation, from its document to its last result.
#[derive(Clone)]
pub(super) struct Observer(Arc<Observation>);

/// The state of an observed operation.
struct Observation {
    started: Instant,
    summary: OnceLock<Summary>,
    /// Set while a subscription is open.
    open: Mutex<Option<Open>>,
    counted: OnceLock<()>,
}

/// The operation of a request.
struct Summary {
    kind: OperationType,
    name: Option<String>,
    /// `None` if no spans are exported.
    document: Option<String>,
}

impl Observer {
    /// An observer of an operation that begins now.
    pub(super) fn start() -> Self {
        let (summary, counted) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Observation { started: Instant::now(), summary, open: Mutex::default(), counted }))
    }

    /// Reads which operation a request is about.
    pub(super) fn read(&self, request: &mut Request) {
        let Some(summary) = Summary::of(request) else { return };
        if summary.kind == OperationType::Subscription {
            *self.0.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(telemetry::subscription_opened());
        }
        telemetry::record_operation(word(summary.kind), summary.name.as_deref());
        self.0.summary.get_or_init(|| summary);
    }

    /// A span for an execution of the operation: none where no spans are exported.
    pub(super) fn span(&self) -> Span {
        if !telemetry::exporting() {
            return Span::none();
        }
        self.0.summary.get().map_or_else(Span::none, Summary::span)
    }

    /// Counts the operation by its first result.
    pub(super) fn count(&self, response: &Response) {
        self.0.count(outcome(response));
    }
}

impl Observation {
    /// Counts the operation once, by its first result. An operation without a result is counted when it is dropped.
    fn count(&self, outcome: &'static str) {
        if self.counted.set(()).is_err() {
            return;
        }
        count(self.summary.get().map(|summary| summary.kind), outcome, self.started.elapsed());
    }
}

/// Counts an operation by its outcome. The time for which a subscription is open does not count as its duration.
pub(super) fn count(kind: Option<OperationType>, outcome: &'static str, elapsed: Duration) {
    let took = match kind {
        Some(OperationType::Query | OperationType::Mutation) => Some(elapsed),
        Some(OperationType::Subscription) | None => None,
    };
    telemetry::operation(kind.map_or("unknown", word), outcome, took);
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.count("ended");
    }
}

impl Summary {
    /// The operation of a request; `None` if its document does not parse or names no operation.
    fn of(request: &mut Request) -> Option<Self> {
        let chosen = request.operation_name.clone();
        let document = telemetry::exporting().then(|| request.query.clone());
        let parsed = request.parsed_query().ok()?;
        let (name, kind) = operation(parsed, chosen.as_deref())?;
        Some(Self { kind, name: name.map(|name| name.chars().take(NAME).collect()), document })
    }

    /// A span by OpenTelemetry's conventions for GraphQL.
    fn span(&self) -> Span {
        let kind = word(self.kind);
        let span = tracing::info_span!(target: telemetry::TRACE, "graphql", otel.name = Empty, graphql.operation.name = Empty, graphql.operation.type = kind);
        if let Some(name) = &self.name {
            span.record("graphql.operation.name", name);
        }
        if let Some(document) = &self.document {
            let name = self.name.as_ref().map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"));
            span.record("otel.name", name);
            telemetry::document(&span, without_literals(document, DOCUMENT));
        }
        // Results that are pushed hours later are not part of the request that subscribed.
        if self.kind == OperationType::Subscription {
            telemetry::detach(&span);
        }
        span
    }
}

/// The name and the kind of the operation that is to run.
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
