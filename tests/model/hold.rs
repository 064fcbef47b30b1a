//! Holds of the model.

use entity::ledger_entry::ChangeType;

use super::account::{Account, COST};

/// Credits that are held for an export, or were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    /// The version of its first entry.
    pub(super) version: i64,
    pub(super) run: u8,
    pub(super) credits: i64,
    pub(super) state: State,
    /// True once its time is over, although nothing may have ended it yet.
    pub(super) is_over: bool,
}

/// The state of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Captured by the entry of this version.
    Captured {
        version: i64,
        credits: i64,
    },
    Released,
    Expired,
}

/// A change of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Captures some credits, or all.
    Capture(Option<i64>),
    Extend,
    Release,
}

/// The result of a reservation.
pub(super) enum Reserved {
    Hold(Hold),
    Reused,
    Refused,
}

/// The result of a change.
pub(super) enum Changed {
    /// The change was made, now or before.
    Done { state: State, replayed: bool },
    /// The hold had ended in another way.
    Ended(State),
    /// The credits are not from 1 to those held.
    Invalid,
}

impl Account {
    /// The credits of the open holds.
    pub(super) fn held(&self) -> i64 {
        self.holds.iter().filter(|hold| hold.state == State::Open).map(|hold| hold.credits).sum()
    }

    pub(super) fn available(&self) -> i64 {
        self.balance() - self.held()
    }

    pub(super) fn reserve(&mut self, key: u8, run: u8, today: i64) -> Reserved {
        if let Some(hold) = self.reserved.get(&key).map(|nth| self.holds[*nth]) {
            return if hold.run == run { Reserved::Hold(hold) } else { Reserved::Reused };
        }
        if self.charges.contains_key(&key) {
            return Reserved::Reused;
        }
        let credits = if self.is_unlimited(today) { 0 } else { COST };
        if credits > 0 && self.available() < credits {
            return Reserved::Refused;
        }
        let version = self.post_held(ChangeType::Hold, 0, credits);
        let hold = Hold { version, run, credits, state: State::Open, is_over: false };
        self.reserved.insert(key, self.holds.len());
        self.holds.push(hold);
        Reserved::Hold(hold)
    }

    pub(super) fn change(&mut self, nth: usize, action: Action) -> Changed {
        let hold = self.holds[nth];
        let credits = match action {
            Action::Capture(Some(credits)) if !(1..=hold.credits).contains(&credits) => return Changed::Invalid,
            Action::Capture(credits) => credits.unwrap_or(hold.credits),
            Action::Extend | Action::Release => 0,
        };
        if hold.state != State::Open {
            let is_same = match (action, hold.state) {
                (Action::Capture(_), State::Captured { credits: captured, .. }) => captured == credits,
                (Action::Release, State::Released) => true,
                _ => false,
            };
            return if is_same {
                Changed::Done { state: hold.state, replayed: true }
            } else {
                Changed::Ended(hold.state)
            };
        }
        if hold.is_over {
            self.expire(nth);
            return Changed::Ended(State::Expired);
        }
        let state = match action {
            Action::Capture(_) => {
                State::Captured { version: self.post_held(ChangeType::Spend, -credits, -hold.credits), credits }
            }
            Action::Extend => {
                self.post_held(ChangeType::Hold, 0, 0);
                State::Open
            }
            Action::Release => {
                self.post_held(ChangeType::Release, 0, -hold.credits);
                State::Released
            }
        };
        self.holds[nth].state = state;
        Changed::Done { state, replayed: false }
    }

    /// Lets the time of a hold be over, if it is open.
    pub(super) fn run_out(&mut self, nth: usize) {
        self.holds[nth].is_over = true;
    }

    /// Ends an open hold whose time is over.
    pub(super) fn expire(&mut self, nth: usize) {
        let hold = self.holds[nth];
        if hold.state == State::Open {
            self.post_held(ChangeType::Release, 0, -hold.credits);
            self.holds[nth].state = State::Expired;
        }
    }
}
