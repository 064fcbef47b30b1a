//! Opening a checkout session at Stripe, as a durable operation.

use entity::operation::Kind;
use serde::{Deserialize, Serialize};

use crate::{
    billing::operation::{Call, Operation},
    stripe::{Failure, NewSession, Session},
    sync::Fact,
};

/// A checkout session to be opened: of a plan, or else of a credit pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::billing) struct Opening<const PLAN: bool>(NewSession);

/// A checkout session of a plan to be opened.
pub(in crate::billing) type PlanOpening = Opening<true>;

/// A checkout session of a credit pack to be opened.
pub(in crate::billing) type PackOpening = Opening<false>;

impl<const PLAN: bool> Opening<PLAN> {
    pub(in crate::billing) const fn new(session: NewSession) -> Self {
        Self(session)
    }
}

impl<const PLAN: bool> Operation for Opening<PLAN> {
    const KIND: Kind = if PLAN { Kind::Checkout } else { Kind::Purchase };

    type Reply = Session;

    async fn call(&self, call: &Call<'_>) -> Result<Option<Session>, Failure> {
        call.stripe.create_session(call.key(), &self.0).await.map(Some)
    }

    async fn look_up(&self, call: &Call<'_>) -> Result<Option<Session>, Failure> {
        let sessions = call.stripe.sessions(&self.0.customer, call.created_at()).await?;
        Ok(sessions.into_iter().find(|session| session.made_by() == Some(call.key())))
    }

    fn object(session: &Session) -> &str {
        &session.id
    }

    fn facts(session: &Session, _: i64) -> Vec<Fact> {
        vec![Fact::Session { session: session.clone(), failed: false }]
    }

    /// A session that was found late may have been closed meanwhile.
    fn is_usable(session: &Session) -> bool {
        session.url.is_some()
    }
}
