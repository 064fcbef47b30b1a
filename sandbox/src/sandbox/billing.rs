//! What a test may make happen to subscriptions and payments.

use serde_json::Value;

use super::Sandbox;
use crate::{
    call::Answer,
    delayed_payment,
    dispute::{Outcome, Stage},
    dunning::AfterRetries,
    error::Error,
    kind::Kind,
    on_request, refund,
    work::{Cause, Work},
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
    /// When there is no such object.
    pub fn disown(&self, id: &str) -> Result<(), Error> {
        Ok(self.store.work(Cause::default(), |work| on_request::disown(work, id))?)
    }

    /// Moves time on to the end of a subscription's period and an hour further, when its invoice is charged; everything
    /// else that is due until then happens too. Answers with the subscription as it is then.
    ///
    /// # Errors
    /// When there is no such subscription, or it has ended.
    pub async fn renew(&self, subscription: &str) -> Result<Value, Error> {
        Ok(on_request::renew(&self.store, subscription).await?)
    }

    /// Puts the card of another test number behind a subscription, and answers with the subscription.
    ///
    /// # Errors
    /// When there is no such subscription or it has ended, or the number is not a card's.
    pub fn change_card(&self, subscription: &str, card_number: &str) -> Result<Value, Error> {
        self.ask(|work| on_request::change_card(work, subscription, card_number))
    }

    /// Decides a payment in processing, named by its payment intent or its invoice, and answers with the payment intent.
    ///
    /// # Errors
    /// When no payment is in processing there.
    pub fn settle_payment(&self, payment: &str, succeeded: bool) -> Result<Value, Error> {
        self.ask(|work| delayed_payment::settle(work, payment, succeeded))
    }

    /// Makes so many of the next payments of a subscription fail, whatever its card says.
    ///
    /// # Errors
    /// When there is no such subscription, or it has ended.
    pub fn fail_next_payments(&self, subscription: &str, times: u32) -> Result<(), Error> {
        self.ask(|work| on_request::fail_next_payments(work, subscription, times)).map(drop)
    }

    /// Tries to collect the latest invoice of a subscription at once, and answers with the invoice, paid or not.
    ///
    /// # Errors
    /// When there is no such subscription, or its latest invoice is not open.
    pub fn retry_payment(&self, subscription: &str) -> Result<Value, Error> {
        self.ask(|work| on_request::retry_payment(work, subscription))
    }

    /// Sets what subscriptions come to when the last retry of a payment failed. At first they are canceled.
    pub fn set_after_retries(&self, after_retries: AfterRetries) {
        self.store.work(Cause::default(), |work| work.state.after_retries = after_retries);
    }

    /// Refunds a payment intent or a charge, all that is left of it or an amount in minor units, and answers with the refund.
    ///
    /// # Errors
    /// When there is no such payment, or not so much left of it.
    pub fn refund(&self, payment: &str, amount: Option<i64>) -> Result<Value, Error> {
        self.ask(|work| on_request::refund(work, payment, amount))
    }

    /// Makes so many of the next refunds stay pending until [`Sandbox::settle_refund`].
    pub fn hold_refunds(&self, times: u32) {
        self.store.work(Cause::default(), |work| work.state.refunds_to_hold = times);
    }

    /// Lets a pending refund arrive or fail; also one that had succeeded may fail. Answers with the refund.
    ///
    /// # Errors
    /// When there is no such refund, or it cannot come to that any more.
    pub fn settle_refund(&self, refund: &str, arrived: bool) -> Result<Value, Error> {
        self.ask(|work| refund::settle(work, refund, arrived))
    }

    /// Opens a dispute about a payment intent or a charge, all of it or an amount in minor units, and answers with the
    /// dispute.
    ///
    /// # Errors
    /// When there is no such payment, or it is disputed already.
    pub fn dispute(&self, payment: &str, stage: Stage, amount: Option<i64>) -> Result<Value, Error> {
        self.ask(|work| on_request::dispute(work, payment, stage, amount))
    }

    /// Lets a dispute go on, and answers with it.
    ///
    /// # Errors
    /// When there is no such dispute, or it cannot come to that any more.
    pub fn proceed_dispute(&self, dispute: &str, outcome: Outcome) -> Result<Value, Error> {
        self.ask(|work| on_request::proceed(work, dispute, outcome))
    }
}
