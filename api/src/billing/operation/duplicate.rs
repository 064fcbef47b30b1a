//! Undoing a subscription that was sold beside another: it is ended at once, and its payments are given back. Each step looks
//! before it acts, and can be done once only at Stripe: so the whole is done again until it is done.

use serde::{Deserialize, Serialize};

use super::request::{Asking, Reply};
use crate::stripe::{Cause, Failure, Refunded};

/// A subscription that was sold beside another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The one to undo, `sub_...`.
    pub subscription: String,
    /// The one that stays, `sub_...`.
    pub kept: String,
}

impl Asking<'_> {
    /// Ends it, gives everything back that it brought, and answers what has become of it.
    pub(super) async fn undo(&self, duplicate: &Duplicate) -> Result<Reply, Failure> {
        self.end(duplicate).await?;
        let mut refused = Ok(());
        for payment in self.stripe.payments_of(&duplicate.subscription).await? {
            match self.give_back(&payment).await {
                // That one payment cannot be given back keeps no other from it.
                Err(Failure::Refused(refusal)) => refused = Err(refusal),
                done => done?,
            }
        }
        refused?;
        self.subscription(&duplicate.subscription).await
    }

    async fn end(&self, duplicate: &Duplicate) -> Result<(), Failure> {
        let id = duplicate.subscription.as_str();
        if self.stripe.subscription(id).await?.ended_at.is_some() {
            return Ok(());
        }
        let comment = format!("Sold beside {}: ended and refunded by Patch-Hive", duplicate.kept);
        match self.stripe.end_subscription(id, &comment).await {
            // It has ended meanwhile, perhaps by an attempt whose answer was lost.
            Ok(_) => Ok(()),
            Err(failure) if failure.is_not_found() => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn give_back(&self, payment: &str) -> Result<(), Failure> {
        let operation = self.operation.idempotency_key.as_str();
        let before = self.stripe.refunded_by(payment, operation).await?;
        if before == Refunded::Sent {
            return Ok(());
        }
        // Stripe repeats a failure under its key: each hour has a key of its own.
        let hours = (self.app.clock.wall() - self.operation.created_at).num_hours();
        let key = format!("{operation}-{payment}-{hours}");
        match self.stripe.refund_duplicate(&key, payment, operation).await {
            // After a refund of ours that failed this tells that Stripe gives nothing back any more: the operator has to.
            Err(Failure::Refused(refusal))
                if refusal.cause() == Cause::AlreadyRefunded && before == Refunded::Nothing =>
            {
                Ok(())
            }
            done => done,
        }
    }
}
