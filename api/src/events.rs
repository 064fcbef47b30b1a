//! Events about accounts for other services, in the format of the Standard Webhooks specification.
//!
//! - Each entry of a ledger becomes events once it is committed: the relay (`jobs/relay.rs`) reads the ledger, so that charges
//!   write nothing for it. Changes of subscriptions and payments, and alerts, are written by [`record`] in their transaction, and
//!   the relay adds them to the same stream.
//! - The stream has the events of an account in the order of its versions, without gaps, and its numbers become visible in
//!   their order.
//! - Events exist from the time at which the first endpoint is registered, and cost nothing before.
//!
//! To add a type: a variant of [`entity::account_event::Type`] and of the schema's `EventType`, a row in `docs/events.md`, and a call
//! of [`record`] in the transaction of the change, or an arm in `events/entry.rs` if the change is an entry.

mod body;
mod entry;
mod pending;
mod sender;
mod signature;
mod target;

pub use body::time;
pub use entry::{of_entry, plan_period};
pub use pending::record;
pub use sender::{Failure, Message, Sender};
pub use signature::new_secret;
pub use target::{TargetError, check};
