//! The model's interpretation of Stripe's objects.

use entity::{Tier, ledger_entry::ChangeType};

use super::{
    account::{Account, Paid, Plan, Status},
    telling::{Period, Telling, What},
};

impl Account {
    /// Applies what an event says. Once more changes nothing.
    pub(super) fn hears(&mut self, telling: &Telling, today: i64) {
        match telling.what {
            What::Plan { plan, status, first, .. } => {
                self.describes(plan, status, telling.at);
                if first && status == Status::Active {
                    self.pays(plan, today);
                }
                self.settles(today);
            }
            What::Paid { plan, .. } => {
                self.pays(plan, today);
                self.settles(today);
            }
            What::Pack { number, credits, paid } => {
                if paid && !self.packs.contains(&number) {
                    self.packs.push(number);
                    self.book(ChangeType::Purchase, credits);
                }
            }
        }
    }

    /// The later word counts, and an end is final.
    fn describes(&mut self, plan: Period, status: Status, at: i64) {
        let said = Plan { subscription: plan.subscription, tier: plan.tier, status, end: plan.end, at };
        let Some(known) = self.plans.iter_mut().find(|known| known.subscription == plan.subscription) else {
            self.plans.push(said);
            return;
        };
        if known.status != Status::Ended && (status == Status::Ended || at > known.at) {
            *known = said;
        }
    }

    /// A period grants what its highest paid tier grants, and no more.
    fn pays(&mut self, plan: Period, today: i64) {
        let same = |paid: &&mut Paid| paid.subscription == plan.subscription && paid.end == plan.end;
        let credits = match plan.tier {
            Tier::Core => 25,
            Tier::Pro => 100,
            _ => 0,
        };
        let due = match self.periods.iter_mut().find(same) {
            None => {
                let (subscription, end, tier) = (plan.subscription, plan.end, plan.tier);
                self.periods.push(Paid { subscription, end, tier, granted: credits });
                credits
            }
            Some(paid) if plan.tier == Tier::Studio && paid.tier < Tier::Studio => {
                paid.tier = Tier::Studio;
                0
            }
            Some(paid) if paid.granted < credits => {
                let due = credits - paid.granted;
                (paid.tier, paid.granted) = (plan.tier.max(paid.tier), credits);
                due
            }
            Some(_) => return,
        };
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
