//! What a test may do with events and their deliveries.

use super::Sandbox;
use crate::{error::Error, mishap::DeliveryFault, on_request, work::Cause};

impl Sandbox {
    /// Makes the next matching deliveries go wrong. Faults ordered first are used up first.
    pub fn inject_delivery(&self, fault: DeliveryFault) {
        self.store.work(Cause::default(), |work| work.state.configured.mishaps.add(fault));
    }

    /// Withdraws all faults that are still to come, of calls and of deliveries.
    pub fn clear_faults(&self) {
        self.store.faults.clear();
        self.store.work(Cause::default(), |work| work.state.configured.mishaps.clear());
    }

    /// Sends an event to every endpoint once more.
    ///
    /// # Errors
    /// When there is no such event.
    pub fn deliver_again(&self, event: &str) -> Result<(), Error> {
        Ok(self.store.work(Cause::default(), |work| on_request::deliver_again(work, event))?)
    }
}
