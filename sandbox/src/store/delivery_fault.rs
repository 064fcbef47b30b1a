//! Faults of deliveries that tests request.

use serde::{Deserialize, Serialize};

use crate::store::event_type;

/// A fault of the next deliveries that match. The delivery of one event to one endpoint counts once.
///
/// As JSON for `POST /sandbox/faults`: `{"event": "invoice.*", "times": 2, "delivery": {"kind": "late", "millis": 500}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFault {
    /// The type of event, where `invoice.*` matches all that begin with `invoice.`; empty for any.
    #[serde(default)]
    pub event: String,
    /// The number of deliveries that go wrong.
    #[serde(default = "once")]
    pub times: u32,
    /// The effect of the fault.
    pub delivery: DeliveryEffect,
}

/// The effect of a fault on a delivery. If the endpoint refuses it, the retry has no fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryEffect {
    /// Delivered twice.
    Twice,
    /// Delivered late, after events that happened later.
    Late {
        /// Milliseconds of wall time.
        millis: u64,
    },
    /// Held for a moment and delivered in random order with others that are held.
    Shuffled,
    /// Never delivered. `delivery_success=false` lists the event.
    Never,
    /// Signed with a timestamp in the past, as a replayed request is.
    OldTimestamp {
        /// The age of the timestamp; endpoints should refuse more than 300.
        #[serde(default = "long_ago")]
        seconds: u32,
    },
    /// Signed with two secrets: a new one, and the one that the endpoint has.
    RotatedSecret,
    /// Signed with another secret.
    WrongSecret,
    /// Sent without the second half of its body.
    Truncated,
    /// Marked as an event of live mode.
    OtherLivemode,
}

fn once() -> u32 {
    1
}

fn long_ago() -> u32 {
    400
}

/// The faults that are not used up.
#[derive(Debug, Default)]
pub(crate) struct DeliveryFaults {
    ordered: Vec<DeliveryFault>,
}

impl DeliveryFaults {
    pub(crate) fn add(&mut self, fault: DeliveryFault) {
        self.ordered.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.ordered.clear();
    }

    /// Uses up one fault for a delivery of this type of event, in the order in which they were added.
    pub(crate) fn take(&mut self, kind: &str) -> Option<DeliveryEffect> {
        let fits = |fault: &&mut DeliveryFault| {
            fault.times > 0 && (fault.event.is_empty() || event_type::matches(&fault.event, kind))
        };
        let fault = self.ordered.iter_mut().find(fits)?;
        fault.times -= 1;
        let effect = fault.delivery;
        self.ordered.retain(|fault| fault.times > 0);
        Some(effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_up_by_the_deliveries_that_match() {
        let mut delivery_faults = DeliveryFaults::default();
        let json = r#"{"event": "invoice.*", "delivery": {"kind": "old_timestamp"}}"#;
        delivery_faults.add(serde_json::from_str(json).unwrap());
        assert_eq!(delivery_faults.take("charge.succeeded"), None);
        let expected = DeliveryEffect::OldTimestamp { seconds: 400 };
        assert_eq!(delivery_faults.take("invoice.paid"), Some(expected));
        assert_eq!(delivery_faults.take("invoice.paid"), None);
    }
}
