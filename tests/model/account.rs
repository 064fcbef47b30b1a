//! One user of the model: ledger entries, plans and holds.

use std::collections::HashMap;

use entity::{Tier, ledger_entry::ChangeType};

use super::hold::Hold;

/// Days for which unlimited outlasts its period.
const GRACE: i64 = 3;

/// Credits of an export.
pub(super) const COST: i64 = 3;

#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) name: u8,
    pub(super) entries: Vec<Entry>,
    /// The day on which unlimited ends.
    pub(super) unlimited_until: Option<i64>,
    /// Subscriptions as they are at Stripe.
    pub(super) at_stripe: Vec<Plan>,
    /// Subscriptions as they were last read.
    pub(super) plans: Vec<Plan>,
    /// Paid invoices, by the event that reported them first.
    pub(super) invoices: Vec<usize>,
    pub(super) periods: Vec<Paid>,
    pub(super) packs: Vec<usize>,
    /// Open and ended holds, in the order in which they began.
    pub(super) holds: Vec<Hold>,
    /// The places of holds by their keys.
    pub(super) reserved: HashMap<u8, usize>,
    pub(super) charges: HashMap<u8, (i64, u8)>,
    grants: HashMap<u8, i64>,
    refunded: HashMap<i64, i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: ChangeType,
    pub(super) delta: i64,
    pub(super) held: i64,
    pub(super) balance: i64,
}

/// A subscription.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) subscription: usize,
    pub(super) tier: Tier,
    pub(super) status: Status,
    pub(super) end: i64,
}

/// A period that was paid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paid {
    pub(super) subscription: usize,
    pub(super) end: i64,
    pub(super) tier: Tier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Incomplete,
    Active,
    PastDue,
    Ended,
}

/// The result of a charge.
pub(super) enum Spent {
    Fresh(i64),
    Replayed(i64),
    Reused,
    Refused,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Ended => "canceled",
        }
    }
}

impl Account {
    pub(super) fn of(name: u8) -> Self {
        Self { name, ..Self::default() }
    }

    pub(super) fn balance(&self) -> i64 {
        self.entries.last().map_or(0, |entry| entry.balance)
    }

    pub(super) fn version(&self) -> i64 {
        i64::try_from(self.entries.len()).unwrap()
    }

    pub(super) fn entry(&self, version: i64) -> &Entry {
        &self.entries[usize::try_from(version - 1).unwrap()]
    }

    pub(super) fn current(&self) -> Option<&Plan> {
        self.at_stripe.iter().find(|plan| plan.status != Status::Ended)
    }

    /// The versions of the user's charges.
    pub(super) fn charges(&self) -> Vec<i64> {
        let spends = (1..).zip(&self.entries).filter(|(_, entry)| entry.kind == ChangeType::Spend);
        spends.map(|(version, _)| version).collect()
    }

    pub(super) fn is_refunded(&self, charge: i64) -> bool {
        self.refunded.contains_key(&charge)
    }

    /// Adds an entry and returns its version.
    pub(super) fn post(&mut self, kind: ChangeType, delta: i64) -> i64 {
        self.post_held(kind, delta, 0)
    }

    /// Adds an entry that also changes what is held, and returns its version.
    pub(super) fn post_held(&mut self, kind: ChangeType, delta: i64, held: i64) -> i64 {
        let balance = self.balance() + delta;
        self.entries.push(Entry { kind, delta, held, balance });
        self.version()
    }

    pub(super) fn is_unlimited(&self, today: i64) -> bool {
        self.unlimited_until.is_some_and(|until| until > today)
    }

    /// The place of one of the user's holds.
    pub(super) fn nth_hold(&self, nth: usize) -> Option<usize> {
        (!self.holds.is_empty()).then(|| nth % self.holds.len())
    }

    pub(super) fn charge(&mut self, key: u8, run: u8, today: i64) -> Spent {
        if let Some((version, first)) = self.charges.get(&key) {
            return if *first == run { Spent::Replayed(*version) } else { Spent::Reused };
        }
        if self.reserved.contains_key(&key) {
            return Spent::Reused;
        }
        let free = self.is_unlimited(today);
        if !free && self.available() < COST {
            return Spent::Refused;
        }
        let version = self.post(ChangeType::Spend, if free { 0 } else { -COST });
        self.charges.insert(key, (version, run));
        Spent::Fresh(version)
    }

    /// Grants credits and returns the version; `None` if the key was used for another amount.
    pub(super) fn grant(&mut self, key: u8, credits: i64) -> Option<i64> {
        if let Some(version) = self.grants.get(&key).copied() {
            return (self.entry(version).delta == credits).then_some(version);
        }
        let version = self.post(ChangeType::Grant, credits);
        self.grants.insert(key, version);
        Some(version)
    }

    /// Refunds a charge, once.
    pub(super) fn refund(&mut self, charge: i64) -> i64 {
        if let Some(version) = self.refunded.get(&charge) {
            return *version;
        }
        let version = self.post(ChangeType::Refund, -self.entry(charge).delta);
        self.refunded.insert(charge, version);
        version
    }

    /// The day on which unlimited ends, according to plans and payments.
    pub(super) fn entitled_until(&self, today: i64) -> Option<i64> {
        let entitled = |paid: &&Paid| {
            let plan = self.plans.iter().find(|plan| plan.subscription == paid.subscription);
            plan.is_some_and(|plan| plan.tier == Tier::Studio && plan.status == Status::Active)
        };
        let studio = self.periods.iter().filter(|paid| paid.tier == Tier::Studio);
        studio.filter(entitled).map(|paid| paid.end + GRACE).max().filter(|until| *until > today)
    }
}
