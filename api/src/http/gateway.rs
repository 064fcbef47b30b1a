//! The state of the handlers.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{concurrency::ConcurrencyLimit, memory::MemoryBudget, readiness::Readiness, site::Site};
use crate::{app::App, graphql::Executor, throttle::Address};

/// The state that every handler gets.
#[derive(Clone)]
pub(super) struct Gateway {
    pub(super) app: App,
    pub(super) executor: Executor,
    pub(super) pages: Arc<Pages>,
    pub(super) open: Arc<OpenLimits>,
    pub(super) memory: Arc<MemoryBudgets>,
    pub(super) readiness: Readiness,
    pub(super) stop: CancellationToken,
}

/// The content of the pages.
#[derive(Clone, Default)]
pub struct Pages {
    /// True if `/graphiql` is served.
    pub graphiql: bool,
    /// A token that GraphiQL sends, on loopback only.
    pub token: Option<String>,
    /// The pages of this build.
    pub site: Site,
}

/// Limits on what callers may have open at once.
pub(super) struct OpenLimits {
    pub(super) user_sockets: ConcurrencyLimit<i64>,
    pub(super) address_sockets: ConcurrencyLimit<Address>,
    pub(super) user_subscriptions: ConcurrencyLimit<i64>,
}

/// Memory for input that is still arriving, by kind: a flood of one kind leaves room for the others.
pub(super) struct MemoryBudgets {
    pub(super) requests: MemoryBudget,
    pub(super) webhooks: MemoryBudget,
    pub(super) messages: MemoryBudget,
}
