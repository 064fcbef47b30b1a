//! Methods of [`Sandbox`] for events and their deliveries.

use crate::{
    calls::actions,
    sandbox::Sandbox,
    store::{delivery_fault::DeliveryFault, error::Error, work::Cause},
};

impl Sandbox {
    /// Adds a fault of the next matching deliveries. Faults are used up in the order in which they were added.
    pub fn inject_delivery(&self, fault: DeliveryFault) {
        self.store.work(Cause::default(), |work| work.state.webhooks.delivery_faults.add(fault));
    }

    /// Removes all faults that are not used up, of calls and of deliveries.
    pub fn clear_faults(&self) {
        self.store.faults.clear();
        self.store.work(Cause::default(), |work| work.state.webhooks.delivery_faults.clear());
    }

    /// Sends an event to every endpoint once more.
    ///
    /// # Errors
    /// The event does not exist.
    pub fn deliver_again(&self, event: &str) -> Result<(), Error> {
        Ok(self.store.work(Cause::default(), |work| actions::deliver_again(work, event))?)
    }
}
