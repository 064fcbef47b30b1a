//! Methods of [`Sandbox`] for subscriptions and payments.

use serde_json::Value;

use crate::{
    billing::delayed_payment,
    calls::actions,
    resources::{
        dispute::{Outcome, Stage},
        refund,
    },
    sandbox::Sandbox,
    store::{
        error::Error,
        kind::Kind,
        problem::Answer,
        settings::AfterRetries,
        work::{Cause, Work},
    },
};

impl Sandbox {
    fn ask(&self, act: impl FnOnce(&mut Work<'_>) -> Answer) -> Result<Value, Error> {
        Ok(self.store.work(Cause::default(), act)?)
    }

    /// Any object by its id, as the API would show it.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        self.store.find(Kind::of(id)?, id)
    }

    /// Moves an object to another account, so that calls no longer find it. What belongs to a customer moves with the
    /// customer.
    ///
    /// # Errors
    /// The object does not exist.
    pub fn disown(&self, id: &str) -> Result<(), Error> {
        Ok(self.store.work(Cause::default(), |work| actions::disown(work, id))?)
    }

    /// Serves an object from now on unchanged, whatever its origin: for tests that report objects of their own. Nothing becomes of
    /// it on its own. An id that belongs to no kind is ignored.
    pub fn adopt(&self, object: Value) {
        if let Some(kind) = object["id"].as_str().and_then(Kind::of) {
            self.store.work(Cause::default(), |work| work.put(kind, object));
        }
    }

    /// Moves time on to the end of a subscription's period and an hour further, when its invoice is charged; everything
    /// else that is due until then happens too. Answers with the subscription as it is then.
    ///
    /// # Errors
    /// The subscription does not exist or has ended.
    pub async fn renew(&self, subscription: &str) -> Result<Value, Error> {
        Ok(actions::renew(&self.store, subscription).await?)
    }

    /// Puts the card of another test number behind a subscription, and answers with the subscription.
    ///
    /// # Errors
    /// The subscription does not exist or has ended, or the number is not a test number.
    pub fn change_card(&self, subscription: &str, card_number: &str) -> Result<Value, Error> {
        self.ask(|work| actions::change_card(work, subscription, card_number))
    }

    /// Decides a payment in processing, named by its payment intent or its invoice, and answers with the payment intent.
    ///
    /// # Errors
    /// When no payment is in processing there.
    pub fn settle_payment(&self, payment: &str, succeeded: bool) -> Result<Value, Error> {
        self.ask(|work| delayed_payment::settle(work, payment, succeeded))
    }

    /// Declines the next `times` payments of a subscription, whatever its card.
    ///
    /// # Errors
    /// The subscription does not exist or has ended.
    pub fn fail_next_payments(&self, subscription: &str, times: u32) -> Result<(), Error> {
        self.ask(|work| actions::fail_next_payments(work, subscription, times)).map(drop)
    }

    /// Tries to collect the latest invoice of a subscription at once, and answers with the invoice, paid or not.
    ///
    /// # Errors
    /// The subscription does not exist, or its latest invoice is not open.
    pub fn retry_payment(&self, subscription: &str) -> Result<Value, Error> {
        self.ask(|work| actions::retry_payment(work, subscription))
    }

    /// Sets the fate of subscriptions whose last retry failed. The default is to cancel them.
    pub fn set_after_retries(&self, after_retries: AfterRetries) {
        self.store.work(Cause::default(), |work| work.state.after_retries = after_retries);
    }

    /// Refunds a payment intent or a charge, all that is left of it or an amount in minor units, and answers with the refund.
    ///
    /// # Errors
    /// The payment does not exist, or less of it is left.
    pub fn refund(&self, payment: &str, amount: Option<i64>) -> Result<Value, Error> {
        self.ask(|work| actions::refund(work, payment, amount))
    }

    /// Keeps the next `times` refunds pending until [`Sandbox::settle_refund`].
    pub fn hold_refunds(&self, times: u32) {
        self.store.work(Cause::default(), |work| work.state.refunds_to_hold = times);
    }

    /// Makes a pending refund arrive or fail; one that had succeeded can fail too. Answers with the refund.
    ///
    /// # Errors
    /// The refund does not exist, or can no longer change so.
    pub fn settle_refund(&self, refund: &str, arrived: bool) -> Result<Value, Error> {
        self.ask(|work| refund::settle(work, refund, arrived))
    }

    /// Opens a dispute about a payment intent or a charge, all of it or an amount in minor units, and answers with the
    /// dispute.
    ///
    /// # Errors
    /// The payment does not exist, or is disputed already.
    pub fn dispute(&self, payment: &str, stage: Stage, amount: Option<i64>) -> Result<Value, Error> {
        self.ask(|work| actions::dispute(work, payment, stage, amount))
    }

    /// Continues a dispute, and answers with it.
    ///
    /// # Errors
    /// The dispute does not exist, or can no longer change so.
    pub fn proceed_dispute(&self, dispute: &str, outcome: Outcome) -> Result<Value, Error> {
        self.ask(|work| actions::proceed(work, dispute, outcome))
    }
}
