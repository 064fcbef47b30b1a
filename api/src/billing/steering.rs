//! Steering: what becomes of a subscription, as its user wishes. A wish may take several calls to Stripe, and the process
//! may end between any two of them. So none is remembered: what there is to do is read from Stripe before each call, until
//! there is nothing left. The newest wish replaces what was scheduled before it.

mod step;

use chrono::TimeDelta;
use entity::{
    Tier,
    operation::{self, State},
};
use sha2::{Digest, Sha256};

use self::step::Step;
use super::operation::state;
use crate::{
    app::App,
    config::Prices,
    settle::{self, Fact, Said},
    stripe::{Cause, Decline, Failure, Invoice, Schedule, Stripe, Subscription, SubscriptionItem},
};

/// Calls that one wish takes at most; more of them mean that somebody else wishes otherwise at the same time.
const MAX_STEPS: u32 = 8;

/// For how long a wish may still begin to cost money, and stand in the way of another. Whoever was told to ask again must not
/// be charged an hour later.
pub(super) const CHARGE_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Why an invoice may be about a change of plan.
const CHANGED: &str = "subscription_update";

/// What a user wishes of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish<'a> {
    /// That it ends with its period.
    End,
    /// That it goes on as it is.
    GoOn,
    /// That it goes on at the price of a tier.
    Plan(&'a str),
}

/// What came of a wish: what the subscription is like now, and why it is not as wished.
#[derive(Clone, Debug)]
pub struct Steered {
    subscription: Subscription,
    schedule: Option<Schedule>,
    invoice: Option<Invoice>,
    /// When we asked. Unix time, by our clock.
    at: i64,
    refusal: Option<Refusal>,
}

/// Why a subscription is not as wished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The payment was declined just now.
    Declined(Decline),
    /// An earlier payment is still owed.
    Owing(Decline),
    /// The present period is about to be charged.
    Renewing,
    /// The present period was never paid, and nobody asks for it.
    Unpaid,
    /// Money that was paid for the present period went back.
    Returned,
}

impl Steered {
    /// `sub_...`.
    pub(super) fn id(&self) -> &str {
        &self.subscription.id
    }

    /// Why it is not as wished, if it is not.
    pub(super) const fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// What it means to our tables, in this order.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let said = Said::Reply { at: self.at };
        let schedule = self.schedule.clone().map(|schedule| Fact::Schedule { schedule, said: said.clone() });
        let subscription = Fact::Subscription { subscription: self.subscription.clone(), said };
        let paid = self.invoice.clone().filter(|invoice| {
            invoice.billing_reason.as_deref() == Some(CHANGED)
                && invoice.status.as_deref() == Some("paid")
                && !invoice.has_more_lines
        });
        schedule.into_iter().chain([subscription]).chain(paid.map(Fact::Invoice)).collect()
    }
}

/// Brings a subscription to what is wished. `None` where it is not begun any more, or cannot be told: whoever still wishes
/// it asks anew.
///
/// # Errors
/// [`Failure`], but never [`Failure::Broken`].
pub(super) async fn steer(
    app: &App,
    operation: &operation::Model,
    subscription: &str,
    wish: Wish<'_>,
) -> Result<Option<Steered>, Failure> {
    let payments = app.payments().map_err(|error| Failure::Settings(error.to_string()))?;
    let steering = Steering { app, stripe: &payments.stripe, prices: &payments.prices, operation, subscription, wish };
    steering.run().await
}

/// A subscription as Stripe shows it.
#[derive(Clone, Debug)]
struct Seen {
    subscription: Subscription,
    schedule: Option<Schedule>,
    /// Its newest.
    invoice: Option<Invoice>,
    at: i64,
}

struct Steering<'a> {
    app: &'a App,
    stripe: &'a Stripe,
    prices: &'a Prices,
    operation: &'a operation::Model,
    subscription: &'a str,
    wish: Wish<'a>,
}

impl Steering<'_> {
    async fn run(&self) -> Result<Option<Steered>, Failure> {
        let (mut before, mut changed): (Option<Step>, bool) = (None, false);
        for _ in 0..MAX_STEPS {
            let seen = self.look().await?;
            let Some(step) = step::next(&seen, self.wish, self.prices, changed) else {
                return Ok(Some(seen.steered(None)));
            };
            if let Some(refusal) = self.refusal(&seen, &step).await? {
                return Ok(Some(seen.steered(Some(refusal))));
            }
            if step.charges() && self.app.clock.wall() > self.operation.created_at + CHARGE_WITHIN {
                return Ok(None);
            }
            // Whoever joined us may have come to the end, and a newer wish after it: that one is not to be undone.
            match self.state().await? {
                State::Open => {}
                State::Done => return Ok(Some(seen.steered(None))),
                State::Lapsed | State::Refused => return Ok(None),
            }
            match self.make(&step).await {
                Ok(None) => changed |= matches!(step, Step::Change(_)),
                Ok(Some(decline)) => return self.declined(decline).await,
                // It is not what we took it for; unless it still looks alike, there is another way.
                Err(Failure::Refused(_) | Failure::Broken { .. }) if before.as_ref() != Some(&step) => {}
                // The key is spoilt, and Stripe shows that nothing came of it.
                Err(Failure::Broken { .. }) => return Ok(None),
                Err(failure) => return Err(failure),
            }
            before = Some(step);
        }
        Ok(None)
    }

    async fn state(&self) -> Result<State, Failure> {
        let known = state(self.app, self.operation.id).await;
        known.map_err(|error| Failure::Unknown { message: error.to_string() })
    }

    async fn look(&self) -> Result<Seen, Failure> {
        let at = self.app.clock.now().timestamp();
        let (subscription, invoice) = self.stripe.subscription_and_invoice(self.subscription).await?;
        let schedule = match &subscription.schedule {
            Some(id) => Some(self.stripe.schedule(id).await?),
            None => None,
        };
        Ok(Seen { subscription, schedule, invoice, at })
    }

    /// Why a step may not be made. A change of plan needs a present period that is paid, and stays so: what an upgrade grants
    /// is the difference to that, and what it costs as well.
    async fn refusal(&self, seen: &Seen, step: &Step) -> Result<Option<Refusal>, Failure> {
        let now = &seen.subscription;
        match now.status.as_str() {
            "active" if step.charges() => {}
            "active" | "trialing" => return Ok(None),
            "past_due" if !step.charges() => return Ok(None),
            _ if !matches!(self.wish, Wish::Plan(_)) => return Ok(None),
            _ => {}
        }
        let invoices = self.stripe.invoices(&now.id).await?;
        let pending = seen.invoice.as_ref().and_then(|invoice| invoice.id.as_deref()).filter(|_| now.pending_update);
        let in_status = |status: &'static str| {
            let owed = invoices.iter().filter(move |invoice| invoice.status.as_deref() == Some(status));
            owed.filter(|invoice| invoice.id.as_deref() != pending).collect::<Vec<_>>()
        };
        let paid = now.status == "active" && in_status("paid").iter().any(|invoice| pays_for(invoice, now));
        Ok(if paid {
            // To Stripe an invoice stays paid whatever went back of it.
            self.money_went_back(now).await?.then_some(Refusal::Returned)
        } else if let Some(open) = in_status("open").first() {
            Some(Refusal::Owing(Decline { code: None, hosted_url: open.hosted_url.clone() }))
        } else if in_status("draft").is_empty() {
            Some(Refusal::Unpaid)
        } else {
            Some(Refusal::Renewing)
        })
    }

    async fn money_went_back(&self, now: &Subscription) -> Result<bool, Failure> {
        let known = settle::money_went_back(self.app, &now.id, now.current_period_end).await;
        // Not Stripe's fault, but nothing is known either: the wish is looked at again.
        known.map_err(|error| Failure::Unknown { message: error.to_string() })
    }

    /// Makes a step; however often it is made for one operation, Stripe does it once. Answers why a payment was declined.
    async fn make(&self, step: &Step) -> Result<Option<Decline>, Failure> {
        let (stripe, id, key) = (self.stripe, self.subscription, self.key_of(step));
        match step {
            Step::Void { invoice } => stripe.void_invoice(&key, invoice).await?,
            Step::Release { schedule } => drop(stripe.release_schedule(&key, schedule).await?),
            Step::End(end) => drop(stripe.set_cancel_at_period_end(&key, id, *end).await?),
            Step::Lift => stripe.lift_cancel_at(&key, id).await?,
            Step::Schedule => drop(stripe.create_schedule(&key, id).await?),
            Step::PlanAhead { schedule, current, next } => {
                drop(stripe.plan_ahead(&key, schedule, current, next).await?);
            }
            Step::Change(change) => match stripe.change_price(&key, id, change).await {
                Ok(changed) if changed.prices.contains(&change.price) => {}
                // The reply may be the stored one of an earlier attempt: who has paid since is not declined.
                Ok(_) => return Ok(Some(Decline::default())),
                Err(Failure::Refused(refusal)) if refusal.cause() == Cause::Declined => {
                    return Ok(Some(Decline { code: refusal.decline_code, hosted_url: None }));
                }
                Err(failure) => return Err(failure),
            },
        }
        Ok(None)
    }

    /// A change that waits for its payment. Its invoice stays open: paying it makes the change, until Stripe voids it after
    /// 23 hours, or with the period. It is not tried again by itself.
    async fn declined(&self, decline: Decline) -> Result<Option<Steered>, Failure> {
        let seen = self.look().await?;
        if let Wish::Plan(price) = self.wish
            && seen.subscription.prices.iter().any(|now| now == price)
        {
            return Ok(Some(seen.steered(None)));
        }
        let open = seen.invoice.as_ref().filter(|invoice| invoice.status.as_deref() == Some("open"));
        let decline = match open.and_then(|invoice| Some((invoice.id.as_deref()?, invoice))) {
            Some((id, invoice)) => {
                Decline { code: self.stripe.decline(id).await?, hosted_url: invoice.hosted_url.clone() }
            }
            None => decline,
        };
        Ok(Some(seen.steered(Some(Refusal::Declined(decline)))))
    }

    /// The idempotency key of a step: that of the operation, and what is asked. Another question under one key is refused.
    fn key_of(&self, step: &Step) -> String {
        let digest = Sha256::digest(serde_json::json!(step).to_string());
        format!("{}-{}", self.operation.idempotency_key, hex::encode(&digest[..8]))
    }
}

impl Seen {
    fn steered(self, refusal: Option<Refusal>) -> Steered {
        let Self { subscription, schedule, invoice, at } = self;
        Steered { subscription, schedule, invoice, at, refusal }
    }
}

/// Whether an invoice pays for the present period at the present price.
fn pays_for(invoice: &Invoice, now: &Subscription) -> bool {
    invoice.lines.iter().any(|line| {
        let price = line.price.as_ref().is_some_and(|price| now.prices.contains(price));
        price && line.amount > 0 && line.period_end == now.current_period_end
    })
}

/// The tier that a subscription is for, with the item that says so.
pub(super) fn plan_of<'a>(subscription: &'a Subscription, prices: &Prices) -> Option<(&'a SubscriptionItem, Tier)> {
    subscription.items.iter().find_map(|item| Some((item, prices.tier(&item.price)?)))
}
