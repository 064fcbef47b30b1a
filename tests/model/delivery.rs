//! Stripe's events, in the model's types and in Stripe's format.

use entity::Tier;
use serde_json::{Value, json};

use super::account::Status;
use crate::webhook::payloads::{CORE, PRO, Pack, Plan, Price, STUDIO, Version};

/// Seconds of a day.
pub(super) const DAY: i64 = 24 * 60 * 60;

/// A change of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Begin { tier: Tier, first: First },
    Renew,
    Change { tier: Tier },
    FallDue,
    Recover,
    End,
}

/// The start of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Active,
    /// Active once the first payment is confirmed.
    Incomplete,
}

/// An event to be delivered. Times are seconds since the beginning of the sequence, by Stripe's clock.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) event: usize,
    /// The first event with the same content.
    pub(super) first: usize,
    pub(super) at: i64,
    pub(super) user: usize,
    pub(super) what: What,
}

/// The content of an event.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// The state of a plan. `first` shows its first payment: it was created active, or became so.
    Plan {
        plan: Period,
        status: Status,
        created: bool,
        first: bool,
    },
    /// A period is paid; `instead` is the tier that was paid for it before.
    Paid {
        plan: Period,
        instead: Option<Tier>,
    },
    Pack {
        number: usize,
        credits: i64,
        paid: bool,
    },
}

/// A plan in one of its periods. Days since the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) subscription: usize,
    pub(super) tier: Tier,
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Delivery {
    /// The event as Stripe sends it. `base` is the second in which the sequence began.
    pub(super) fn render(&self, base: i64) -> Value {
        let mut event = match &self.what {
            What::Plan { plan, status, created, first } => self.state(*plan, base, (*status, *created, *first)),
            What::Paid { plan, instead: None } => self.plan(*plan, base).paid("subscription_cycle"),
            What::Paid { plan, instead: Some(before) } => {
                let (before, now) = (price(*before), price(plan.tier));
                let lines = [(before.0, -before.1), now];
                self.plan(*plan, base).paid_for("subscription_update", &lines)
            }
            What::Pack { number, credits, paid } => self.pack(*number, *credits, *paid),
        };
        if let What::Paid { .. } = self.what {
            event["data"]["object"]["id"] = format!("in_{}", self.first).into();
        }
        event["id"] = format!("evt_test_{}", self.event).into();
        event["created"] = (base + self.at).into();
        event
    }

    fn state(&self, plan: Period, base: i64, (status, created, first): (Status, bool, bool)) -> Value {
        let plan = self.plan(plan, base);
        match status {
            Status::Ended => plan.deleted(),
            status if created => plan.created(status.name()),
            status if first => plan.updated(status.name(), json!({ "status": "incomplete" })),
            status => plan.updated(status.name(), json!({})),
        }
    }

    fn plan(&self, period: Period, base: i64) -> Plan {
        Plan {
            version: self.version(),
            expanded: self.event.is_multiple_of(3),
            customer: customer(self.user),
            id: format!("sub_{}", period.subscription),
            price: price(period.tier),
            start: base + period.start * DAY,
            end: base + period.end * DAY,
            collection_method: "charge_automatically",
        }
    }

    fn pack(&self, number: usize, credits: i64, paid: bool) -> Value {
        let mut pack = Pack::new(&customer(self.user));
        (pack.version, pack.credits) = (self.version(), credits);
        (pack.session, pack.intent) = (format!("cs_{number}"), format!("pi_pack{number}"));
        pack.completed(if paid { "paid" } else { "unpaid" })
    }

    fn version(&self) -> Version {
        Version::ALL[self.event % Version::ALL.len()]
    }
}

/// A user's customer at Stripe.
pub(super) fn customer(user: usize) -> String {
    format!("cus_{user}")
}

fn price(tier: Tier) -> Price {
    match tier {
        Tier::Studio => STUDIO,
        Tier::Pro => PRO,
        _ => CORE,
    }
}
