//! The model's interpretation of Stripe's objects.

use entity::{Tier, ledger_entry::ChangeType};

use super::{
    account::{Account, Paid, Plan, Status},
    delivery::{Delivery, Period, What},
};

impl Account {
    /// Applies an event at Stripe, before it is delivered: the later state counts, and an end is final.
    pub(super) fn becomes(&mut self, delivery: &Delivery) {
        let What::Plan { plan, status, .. } = delivery.what else { return };
        let now = Plan { subscription: plan.subscription, tier: plan.tier, status, end: plan.end };
        match self.at_stripe.iter_mut().find(|known| known.subscription == plan.subscription) {
            None => self.at_stripe.push(now),
            Some(known) if known.status != Status::Ended => *known = now,
            Some(_) => {}
        }
    }

    /// Applies a received event. A repeated event changes nothing.
    pub(super) fn receives(&mut self, delivery: &Delivery, today: i64) {
        match delivery.what {
            What::Plan { plan, .. } => self.looks(plan, today),
            What::Paid { plan, instead } => {
                if !self.invoices.contains(&delivery.first) {
                    self.invoices.push(delivery.first);
                    self.pays(plan, instead, today);
                }
                self.looks(plan, today);
            }
            What::Pack { number, credits, paid } => {
                if paid && !self.packs.contains(&number) {
                    self.packs.push(number);
                    self.post(ChangeType::Purchase, credits);
                }
            }
        }
    }

    /// Reads the subscription from Stripe, as an event requests.
    fn looks(&mut self, plan: Period, today: i64) {
        if let Some(now) = self.at_stripe.iter().find(|now| now.subscription == plan.subscription).copied() {
            match self.plans.iter_mut().find(|known| known.subscription == plan.subscription) {
                None => self.plans.push(now),
                Some(known) => *known = now,
            }
        }
        self.updates_unlimited(today);
    }

    /// Grants the credits of an invoice's tier less those of the tier before it; STUDIO takes no credits away.
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
        self.post(ChangeType::Grant, due);
        self.unlimited_until = self.entitled_until(today);
    }

    /// Posts a change of unlimited that no other entry contains.
    pub(super) fn updates_unlimited(&mut self, today: i64) {
        let until = self.entitled_until(today);
        if self.unlimited_until != until {
            self.unlimited_until = until;
            self.post(ChangeType::Grant, 0);
        }
    }
}
