//! The model's interpretation of Stripe's objects.

use entity::{Tier, ledger_entry::ChangeType};

use super::{
    account::{Account, Paid, Plan, Status},
    telling::{Period, Telling, What},
};

impl Account {
    /// What an event tells happens at Stripe first: the later word counts, and an end is final.
    pub(super) fn becomes(&mut self, telling: &Telling) {
        let What::Plan { plan, status, .. } = telling.what else { return };
        let now = Plan { subscription: plan.subscription, tier: plan.tier, status, end: plan.end };
        match self.at_stripe.iter_mut().find(|known| known.subscription == plan.subscription) {
            None => self.at_stripe.push(now),
            Some(known) if known.status != Status::Ended => *known = now,
            Some(_) => {}
        }
    }

    /// Applies what an event says. Once more changes nothing.
    pub(super) fn hears(&mut self, telling: &Telling, today: i64) {
        match telling.what {
            What::Plan { plan, .. } => self.looks(plan, today),
            What::Paid { plan, instead } => {
                if !self.invoices.contains(&telling.first) {
                    self.invoices.push(telling.first);
                    self.pays(plan, instead, today);
                }
                self.looks(plan, today);
            }
            What::Pack { number, credits, paid } => {
                if paid && !self.packs.contains(&number) {
                    self.packs.push(number);
                    self.book(ChangeType::Purchase, credits);
                }
            }
        }
    }

    /// An event makes the subscription be as it is at Stripe.
    fn looks(&mut self, plan: Period, today: i64) {
        if let Some(now) = self.at_stripe.iter().find(|now| now.subscription == plan.subscription).copied() {
            match self.plans.iter_mut().find(|known| known.subscription == plan.subscription) {
                None => self.plans.push(now),
                Some(known) => *known = now,
            }
        }
        self.settles(today);
    }

    /// An invoice grants what its tier does, less what the tier before it did; STUDIO takes nothing away.
    fn pays(&mut self, plan: Period, instead: Option<Tier>, today: i64) {
        let credits = |tier| match tier {
            Tier::Core => 25,
            Tier::Pro => 100,
            _ => 0,
        };
        let due = credits(plan.tier) - instead.map_or(0, credits);
        let due = if plan.tier == Tier::Studio { due.max(0) } else { due };
        let (subscription, end, tier) = (plan.subscription, plan.end, plan.tier);
        self.periods.push(Paid { subscription, end, tier });
        self.book(ChangeType::Grant, due);
        self.unlimited_until = self.entitled_until(today);
    }

    /// Books a switch of unlimited that nothing else booked.
    pub(super) fn settles(&mut self, today: i64) {
        let until = self.entitled_until(today);
        if self.unlimited_until != until {
            self.unlimited_until = until;
            self.book(ChangeType::Grant, 0);
        }
    }
}
