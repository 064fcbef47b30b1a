//! Methods of [`Sandbox`] for subscriptions and payments.

use serde_json::Value;

use crate::{
    billing::{delayed_payment, promotion},
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
        settings::{AfterRetries, Tax},
        work::{Cause, Work},
    },
};

impl Sandbox {
    fn ask(&self, act: impl FnOnce(&mut Work<'_>) -> Answer) -> Result<Value, Error> {
        Ok(self.store.work(Cause::default(), act)?)
    }

    /// Returns any object by its id, as the API would return it.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        self.store.find(Kind::of(id)?, id)
    }

    /// Moves an object to another account, so that calls no longer find it. The objects of a customer move with the customer.
    ///
    /// # Errors
    /// The object does not exist.
    pub fn disown(&self, id: &str) -> Result<(), Error> {
        Ok(self.store.work(Cause::default(), |work| actions::disown(work, id))?)
    }

    /// Stores an object unchanged, for tests that bring objects of their own. No timer ever changes it. An object whose
    /// id has no known prefix is ignored.
    pub fn adopt(&self, object: Value) {
        if let Some(kind) = object["id"].as_str().and_then(Kind::of) {
            self.store.work(Cause::default(), |work| work.put(kind, object));
        }
    }

    /// Advances time to an hour after the end of a subscription's period, when its invoice is charged. All other timers
    /// that are due by then fire too. Returns the subscription after that.
    ///
    /// # Errors
    /// The subscription does not exist or has ended.
    pub async fn renew(&self, subscription: &str) -> Result<Value, Error> {
        Ok(actions::renew(&self.store, subscription).await?)
    }

    /// Changes the card of a subscription to another test number, and returns the subscription.
    ///
    /// # Errors
    /// The subscription does not exist or has ended, or the number is not a test number.
    pub fn change_card(&self, subscription: &str, card_number: &str) -> Result<Value, Error> {
        self.ask(|work| actions::change_card(work, subscription, card_number))
    }

    /// Completes a payment in processing, named by its payment intent or its invoice, and returns the payment intent.
    ///
    /// # Errors
    /// The object has no payment in processing.
    pub fn settle_payment(&self, payment: &str, succeeded: bool) -> Result<Value, Error> {
        self.ask(|work| delayed_payment::settle(work, payment, succeeded))
    }

    /// Makes the next `times` payments of a subscription fail, regardless of its card.
    ///
    /// # Errors
    /// The subscription does not exist or has ended.
    pub fn fail_next_payments(&self, subscription: &str, times: u32) -> Result<(), Error> {
        self.ask(|work| actions::fail_next_payments(work, subscription, times)).map(drop)
    }

    /// Tries to collect the latest invoice of a subscription now, and returns the invoice, paid or not.
    ///
    /// # Errors
    /// The subscription does not exist, or its latest invoice is not open.
    pub fn retry_payment(&self, subscription: &str) -> Result<Value, Error> {
        self.ask(|work| actions::retry_payment(work, subscription))
    }

    /// Sets the outcome for subscriptions whose last retry failed. The default is to cancel them.
    pub fn set_after_retries(&self, after_retries: AfterRetries) {
        self.store.work(Cause::default(), |work| work.state.after_retries = after_retries);
    }

    /// Sets the rate of Stripe Tax, whether prices include it, and whether it is set up. The default is 20 %, added to prices.
    pub fn set_tax(&self, tax: Tax) {
        self.store.work(Cause::default(), |work| work.state.tax = tax);
    }

    /// Applies a promotion code to an open checkout session, as a customer does on its page.
    ///
    /// # Errors
    /// The session does not accept the code.
    pub fn apply_code(&self, session: &str, code: &str) -> Result<(), Error> {
        let applied = self.store.work(Cause::default(), |work| promotion::apply(work, session, code));
        applied.map_err(|problem| Error::Refused(problem.to_owned()))
    }

    /// Refunds a payment intent or a charge, all that is left of it or an amount in minor units, and returns the refund.
    ///
    /// # Errors
    /// The payment does not exist, or less than the amount is left of it.
    pub fn refund(&self, payment: &str, amount: Option<i64>) -> Result<Value, Error> {
        self.ask(|work| actions::refund(work, payment, amount))
    }

    /// Keeps the next `times` refunds pending until [`Sandbox::settle_refund`].
    pub fn hold_refunds(&self, times: u32) {
        self.store.work(Cause::default(), |work| work.state.refunds_to_hold = times);
    }

    /// Makes a pending refund arrive or fail; one that succeeded can fail too. Returns the refund.
    ///
    /// # Errors
    /// The refund does not exist, or its status does not allow this change.
    pub fn settle_refund(&self, refund: &str, arrived: bool) -> Result<Value, Error> {
        self.ask(|work| refund::settle(work, refund, arrived))
    }

    /// Opens a dispute about a payment intent or a charge, all of it or an amount in minor units, and returns the dispute.
    ///
    /// # Errors
    /// The payment does not exist, or is already disputed.
    pub fn dispute(&self, payment: &str, stage: Stage, amount: Option<i64>) -> Result<Value, Error> {
        self.ask(|work| actions::dispute(work, payment, stage, amount))
    }

    /// Continues a dispute, and returns it.
    ///
    /// # Errors
    /// The dispute does not exist, or its status does not allow this outcome.
    pub fn proceed_dispute(&self, dispute: &str, outcome: Outcome) -> Result<Value, Error> {
        self.ask(|work| actions::proceed(work, dispute, outcome))
    }
}
