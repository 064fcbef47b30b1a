//! Undoing a subscription that was sold beside another: it is ended at once, and its payments are refunded. If it cost nothing,
//! its credits are reversed. Each step looks before it acts, and Stripe does it only once, so all steps are repeated until they
//! are complete.

use entity::operation::Kind;
use serde::{Deserialize, Serialize};

use crate::{
    billing::operation::{Call, Operation},
    stripe::{Cause, Failure, RefundState},
    sync::{Fact, Object},
};

/// A subscription that was sold beside another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::billing) struct Duplicate {
    /// The one to undo, `sub_...`.
    pub(in crate::billing) subscription: String,
    /// The one that stays, `sub_...`.
    pub(in crate::billing) kept: String,
}

/// A subscription that was ended.
pub(in crate::billing) struct Ended {
    id: String,
    /// True where it cost nothing, so that there was nothing to refund.
    was_free: bool,
}

impl Operation for Duplicate {
    const KIND: Kind = Kind::Duplicate;

    type Reply = Ended;

    fn target(&self) -> Option<&str> {
        Some(&self.subscription)
    }

    async fn call(&self, call: &Call<'_>) -> Result<Option<Ended>, Failure> {
        self.undo(call).await.map(Some)
    }

    /// Never given up, since each step looks first.
    async fn look_up(&self, call: &Call<'_>) -> Result<Option<Ended>, Failure> {
        self.undo(call).await.map(Some)
    }

    fn object(ended: &Ended) -> &str {
        &ended.id
    }

    fn facts(ended: &Ended, _: i64) -> Vec<Fact> {
        let undone = ended.was_free.then(|| Fact::Undone(ended.id.clone()));
        let changed = Fact::Changed(Object::Subscription(ended.id.clone()));
        undone.into_iter().chain([changed]).collect()
    }
}

impl Duplicate {
    /// Ends the subscription and refunds all its payments.
    async fn undo(&self, call: &Call<'_>) -> Result<Ended, Failure> {
        self.end(call).await?;
        let mut refused = Ok(());
        let paid = call.stripe.paid_invoices(&self.subscription).await?;
        for payment in paid.payments {
            match refund(call, &payment).await {
                // A payment that cannot be refunded does not prevent the refund of the others.
                Err(Failure::Refused(refusal)) => refused = Err(refusal),
                done => done?,
            }
        }
        refused?;
        Ok(Ended { id: self.subscription.clone(), was_free: paid.are_free })
    }

    async fn end(&self, call: &Call<'_>) -> Result<(), Failure> {
        let id = self.subscription.as_str();
        if call.stripe.subscription(id).await?.ended_at.is_some() {
            return Ok(());
        }
        let comment = format!("Sold beside {}: ended and refunded by Patch-Hive", self.kept);
        match call.stripe.end_subscription(id, &comment).await {
            Ok(()) => Ok(()),
            // It has ended meanwhile, perhaps by an attempt whose reply was lost.
            Err(failure) if failure.is_not_found() => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

async fn refund(call: &Call<'_>, payment: &str) -> Result<(), Failure> {
    let before = call.stripe.refunded_by(payment, call.key()).await?;
    if before == RefundState::Sent {
        return Ok(());
    }
    // Stripe repeats a failure under its key: each hour has a key of its own.
    let key = call.key_of(&format!("{payment}-{}", call.age().num_hours()));
    match call.stripe.refund_duplicate(&key, payment, call.key()).await {
        // After a refund of ours that failed, this means that Stripe refunds nothing more, so the operator has to.
        Err(Failure::Refused(refusal))
            if refusal.cause() == Cause::AlreadyRefunded && before == RefundState::Nothing =>
        {
            Ok(())
        }
        done => done,
    }
}
