//! Memory that unfinished input may take: request bodies, webhooks and websocket messages that have begun to arrive.
//!
//! Anybody can begin a request, so what they hold before it is complete is counted: over all callers, and for each
//! address. The first bytes of each input are free, so that ordinary requests are served while somebody else has filled
//! the budget.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::throttle::Address;

/// The bytes of each input that are not counted.
pub(super) const FREE_BYTES: usize = 4 * 1024;

/// A number of bytes that all callers share.
#[derive(Clone, Debug)]
pub(super) struct MemoryBudget(Arc<BudgetState>);

#[derive(Debug)]
struct BudgetState {
    total: usize,
    each: usize,
    used: Mutex<Usage>,
}

#[derive(Debug, Default)]
struct Usage {
    total: usize,
    by_address: HashMap<Address, usize>,
}

/// The bytes that one input takes. Dropping it returns them.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: MemoryBudget,
    address: Address,
    bytes: usize,
}

/// The budget, or the share of one address, is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many unfinished requests are being received")]
pub(super) struct BudgetExceeded;

impl MemoryBudget {
    /// Creates a budget of `total` bytes, of which one address may use `each`.
    pub(super) fn new(total: usize, each: usize) -> Self {
        Self(Arc::new(BudgetState { total, each, used: Mutex::default() }))
    }

    /// Begins an input from an address. It holds no bytes yet.
    pub(super) fn reserve(&self, address: Address) -> Reservation {
        Reservation { budget: self.clone(), address, bytes: 0 }
    }

    fn take(&self, address: Address, bytes: usize) -> Result<(), BudgetExceeded> {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = used.by_address.get(&address).copied().unwrap_or_default();
        if used.total + bytes > self.0.total || of_address + bytes > self.0.each {
            return Err(BudgetExceeded);
        }
        used.total += bytes;
        used.by_address.insert(address, of_address + bytes);
        Ok(())
    }

    fn give_back(&self, address: Address, bytes: usize) {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.total -= bytes;
        if let Some(of_address) = used.by_address.get_mut(&address) {
            *of_address -= bytes;
            if *of_address == 0 {
                used.by_address.remove(&address);
            }
        }
    }
}

impl Reservation {
    /// Adds `bytes` that have arrived.
    ///
    /// # Errors
    /// [`BudgetExceeded`]; the bytes are not counted then.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), BudgetExceeded> {
        let grown = self.bytes.saturating_add(bytes);
        let more = counted(grown) - counted(self.bytes);
        if more > 0 {
            self.budget.take(self.address, more)?;
        }
        self.bytes = grown;
        Ok(())
    }

    /// The bytes that have arrived.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns `bytes`, which were not part of the input.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let shrunk = self.bytes.saturating_sub(bytes);
        let fewer = counted(self.bytes) - counted(shrunk);
        self.bytes = shrunk;
        if fewer > 0 {
            self.budget.give_back(self.address, fewer);
        }
    }

    /// Returns all bytes: the input is complete.
    pub(super) fn clear(&mut self) {
        let counted = counted(self.bytes);
        self.bytes = 0;
        if counted > 0 {
            self.budget.give_back(self.address, counted);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.clear();
    }
}

const fn counted(bytes: usize) -> usize {
    bytes.saturating_sub(FREE_BYTES)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn address(last: u8) -> Address {
        Address::from(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn an_address_gets_no_more_than_its_share() {
        let budget = MemoryBudget::new(3000, 1000);
        let mut first = budget.reserve(address(1));
        assert_eq!(first.grow(FREE_BYTES + 1000), Ok(()));
        assert_eq!(first.grow(1), Err(BudgetExceeded));
        assert_eq!(budget.reserve(address(1)).grow(FREE_BYTES + 1), Err(BudgetExceeded));
        assert_eq!(budget.reserve(address(2)).grow(FREE_BYTES + 1000), Ok(()));
    }

    #[test]
    fn all_addresses_together_get_no_more_than_the_budget() {
        let budget = MemoryBudget::new(1500, 1000);
        let mut first = budget.reserve(address(1));
        first.grow(FREE_BYTES + 1000).unwrap();
        let mut second = budget.reserve(address(2));
        assert_eq!(second.grow(FREE_BYTES + 501), Err(BudgetExceeded));
        assert_eq!(second.grow(FREE_BYTES), Ok(()), "the first bytes are free");
        first.clear();
        assert_eq!(second.grow(1000), Ok(()));
    }

    #[test]
    fn dropped_reservations_leave_nothing_behind() {
        let budget = MemoryBudget::new(10_000, 10_000);
        for last in 0..10 {
            let mut reservation = budget.reserve(address(last));
            for _ in 0..10 {
                reservation.grow(1000).unwrap();
                reservation.shrink(100);
            }
            assert_eq!(reservation.bytes(), 9000);
        }
        let used = budget.0.used.lock().unwrap();
        assert_eq!((used.total, used.by_address.len()), (0, 0));
    }
}
