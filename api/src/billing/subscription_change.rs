//! A change of a subscription that its user requests: another plan, its end, or neither. A change may take several calls to
//! Stripe, and the process may end between any two of them. So no progress is stored: the next call is decided from what
//! Stripe shows, until nothing is left to do. The newest request replaces what was scheduled before it.

mod step;
mod target;
mod validate;

use chrono::TimeDelta;
use entity::{
    operation::{Kind, State},
    subscription,
};
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::step::Step;
use super::operation::{self, Call, Operation};
use crate::{
    app::App,
    config::PriceIds,
    error::Error,
    stripe::{Cause, Failure, Invoice, SubscriptionState},
    sync::{Fact, Object},
};

pub(super) use self::{target::Target, validate::refusal};

pub use self::validate::{
    PaymentFailed, PaymentFailureReason, PlanChangeRefusal, PlanChangeUnavailable, UnavailableReason,
};

/// Maximum number of calls of one change. More mean that the subscription is being changed elsewhere at the same time.
const MAX_STEPS: u32 = 8;

/// Time within which a change may start to cost money, and blocks other changes. A user who got an error that
/// suggests a retry must not be charged an hour later.
const CHARGE_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// A change to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SubscriptionChange {
    /// `sub_...`.
    pub(super) subscription: String,
    /// The requested state.
    pub(super) target: Target,
}

/// The subscription after a change, and why it is not in the requested state, if it is not.
#[derive(Clone, Debug)]
pub(super) struct ChangeResult {
    state: SubscriptionState,
    /// The reason why the change was refused; `None` if it was made.
    pub(super) refusal: Option<PlanChangeRefusal>,
}

/// Makes a change of a user's subscription, and returns its row as it is then; `None` where it has ended.
///
/// # Errors
/// Those of Stripe and of the database.
pub(super) async fn make(
    app: &App,
    user_id: i64,
    row: subscription::Model,
    target: Target,
) -> Result<(ChangeResult, Option<subscription::Model>), Error> {
    let change = SubscriptionChange { subscription: row.stripe_subscription_id, target };
    let task = app.clone();
    let result = app.finish(async move { operation::run(&task, user_id, change).await }).await?;
    let now = subscription::Entity::find_by_id(row.id).one(app.database.read()).await?;
    Ok((result, now.filter(|now| now.status.alive())))
}

impl Operation for SubscriptionChange {
    const KIND: Kind = Kind::SubscriptionChange;

    type Reply = ChangeResult;

    fn target(&self) -> Option<&str> {
        Some(&self.subscription)
    }

    /// Returns `None` if the change may no longer start, or its outcome cannot be determined. The user may request it again.
    async fn call(&self, call: &Call<'_>) -> Result<Option<ChangeResult>, Failure> {
        let payments = call.app.payments().map_err(|error| Failure::Settings(error.to_string()))?;
        Change { call, prices: &payments.prices, request: self }.run().await
    }

    /// Each step reads from Stripe first, so that nothing is lost with the key. A change of yesterday is no longer wanted.
    async fn look_up(&self, _: &Call<'_>) -> Result<Option<ChangeResult>, Failure> {
        Ok(None)
    }

    fn object(result: &ChangeResult) -> &str {
        &result.state.subscription.id
    }

    fn facts(result: &ChangeResult, _: i64) -> Vec<Fact> {
        vec![Fact::Changed(Object::Subscription(result.state.subscription.id.clone()))]
    }

    /// If the secret key lacks the permission to change a subscription, its user must be free to request something else.
    fn is_open_after(failure: &Failure) -> bool {
        match failure {
            Failure::Unknown { .. } | Failure::Unreachable { .. } | Failure::Unreadable(_) | Failure::Broken { .. } => {
                true
            }
            Failure::Refused(refusal) => refusal.status == 401,
            Failure::Settings(_) => false,
        }
    }

    fn lifetime() -> Option<TimeDelta> {
        Some(CHARGE_WITHIN)
    }
}

/// The outcome of one step.
enum Made {
    /// Stripe did it.
    Done,
    /// The payment was declined, with the issuer's reason if it is known.
    Declined(Option<String>),
    /// The payment method does not support the charge.
    PaymentMethod,
}

struct Change<'a> {
    call: &'a Call<'a>,
    prices: &'a PriceIds,
    request: &'a SubscriptionChange,
}

impl Change<'_> {
    async fn run(&self) -> Result<Option<ChangeResult>, Failure> {
        let target = &self.request.target;
        let (mut before, mut changed): (Option<Step>, bool) = (None, false);
        for _ in 0..MAX_STEPS {
            let state = self.look().await?;
            let Some(step) = step::next(&state, target, self.prices, changed) else {
                return Ok(Some(ChangeResult { state, refusal: None }));
            };
            if matches!(target, Target::Price(_))
                && let Some(refusal) = refusal(self.call.app, &state, step.charges()).await?
            {
                return Ok(Some(ChangeResult { state, refusal: Some(refusal) }));
            }
            if step.charges() && self.call.age() > CHARGE_WITHIN {
                return Ok(None);
            }
            // A concurrent attempt may have finished, and a newer change after it: that one must not be undone.
            match self.progress().await? {
                State::Open => {}
                State::Done => return Ok(Some(ChangeResult { state, refusal: None })),
                State::Lapsed | State::Refused => return Ok(None),
            }
            match self.make(&step).await {
                Ok(Made::Done) => changed |= matches!(step, Step::Change(_)),
                Ok(Made::Declined(code)) => return self.declined(code).await.map(Some),
                Ok(Made::PaymentMethod) => {
                    return Ok(Some(ChangeResult { state, refusal: Some(PlanChangeRefusal::payment_method()) }));
                }
                // The subscription may have changed since it was read: it is read again, unless the step before was the same.
                Err(Failure::Refused(_) | Failure::Broken { .. }) if before.as_ref() != Some(&step) => {}
                // The key is spent, and Stripe shows no effect.
                Err(Failure::Broken { .. }) => return Ok(None),
                Err(failure) => return Err(failure),
            }
            before = Some(step);
        }
        Ok(None)
    }

    async fn progress(&self) -> Result<State, Failure> {
        let state = operation::state(self.call.app, self.call.operation.id).await;
        state.map_err(|error| Failure::unknown(error.to_string()))
    }

    async fn look(&self) -> Result<SubscriptionState, Failure> {
        self.call.stripe.subscription_state(&self.request.subscription).await
    }

    /// Makes a step; however often it is made for one operation, Stripe does it once.
    async fn make(&self, step: &Step) -> Result<Made, Failure> {
        let (stripe, id, key) = (self.call.stripe, &self.request.subscription, self.key_of(step));
        match step {
            Step::Void { invoice } => stripe.void_invoice(&key, invoice).await?,
            Step::Release { schedule } => stripe.release_schedule(&key, schedule).await?,
            Step::CancelAtPeriodEnd(cancel) => stripe.set_cancel_at_period_end(&key, id, *cancel).await?,
            Step::ClearCancelAt => stripe.clear_cancel_at(&key, id).await?,
            Step::CreateSchedule => stripe.create_schedule(&key, id).await?,
            Step::SchedulePhases { schedule, current, next } => {
                stripe.schedule_phases(&key, schedule, current, next).await?;
            }
            Step::Change(change) => match stripe.change_price(&key, id, change).await {
                Ok(changed) if changed.sells(&change.price) => {}
                // The reply may be the stored one of an earlier attempt: a payment since then is not a decline.
                Ok(_) => return Ok(Made::Declined(None)),
                Err(Failure::Refused(refusal)) if refusal.cause() == Cause::Declined => {
                    return Ok(Made::Declined(refusal.decline()));
                }
                Err(Failure::Refused(refusal)) if refusal.cause() == Cause::PaymentMethod => {
                    return Ok(Made::PaymentMethod);
                }
                Err(failure) => return Err(failure),
            },
        }
        Ok(Made::Done)
    }

    /// A change that waits for its payment. Its invoice stays open: paying it makes the change, until Stripe voids it after
    /// 23 hours, or with the period. Stripe does not retry it.
    async fn declined(&self, code: Option<String>) -> Result<ChangeResult, Failure> {
        let state = self.look().await?;
        if let Target::Price(price) = &self.request.target
            && state.subscription.sells(price)
        {
            return Ok(ChangeResult { state, refusal: None });
        }
        let refusal = match state.open_invoice() {
            Some(Invoice { id: Some(id), hosted_url, .. }) => {
                PlanChangeRefusal::declined(self.call.stripe.decline(id).await?, hosted_url.clone())
            }
            _ => PlanChangeRefusal::declined(code, None),
        };
        Ok(ChangeResult { state, refusal: Some(refusal) })
    }

    /// The idempotency key of a step: the operation's and a digest of the step. Stripe refuses another request under one key.
    fn key_of(&self, step: &Step) -> String {
        let digest = Sha256::digest(serde_json::json!(step).to_string());
        self.call.key_of(&hex::encode(&digest[..8]))
    }
}
