//! Mishaps on order: the ways in which the delivery of an event can go wrong.

use serde::{Deserialize, Serialize};

use crate::event;

/// The next deliveries that match go wrong, each to each endpoint counted once.
///
/// As JSON for `POST /sandbox/faults`: `{"event": "invoice.*", "times": 2, "delivery": {"kind": "late", "millis": 500}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFault {
    /// The type of event, where `invoice.*` stands for all that begin alike; empty for any.
    #[serde(default)]
    pub event: String,
    /// How many deliveries go wrong.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to them.
    pub delivery: Mishap,
}

/// How a delivery goes wrong. Where the endpoint refuses, it is tried again as it should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mishap {
    /// It comes two times.
    Twice,
    /// It comes later, after events that happened later.
    Late {
        /// Milliseconds of wall time.
        millis: u64,
    },
    /// It is held a moment, and comes in any order with others that are.
    Shuffled,
    /// It never comes. The event stays undelivered, as `delivery_success` tells.
    Never,
    /// It is signed for a moment in the past, as a replay by somebody else is.
    OldTimestamp {
        /// How long ago; endpoints should refuse from 300 on.
        #[serde(default = "long_ago")]
        seconds: u32,
    },
    /// It carries two signatures: of a new secret, and of the one that the endpoint knows.
    RotatedSecret,
    /// It is signed with another secret.
    WrongSecret,
    /// Half of its body is missing.
    Truncated,
    /// It says that it comes from live mode.
    OtherLivemode,
}

fn once() -> u32 {
    1
}

fn long_ago() -> u32 {
    400
}

/// The mishaps that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Mishaps {
    ordered: Vec<DeliveryFault>,
}

impl Mishaps {
    pub(crate) fn add(&mut self, fault: DeliveryFault) {
        self.ordered.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.ordered.clear();
    }

    /// Uses up one mishap for a delivery of this type of event, the first ordered first.
    pub(crate) fn take(&mut self, kind: &str) -> Option<Mishap> {
        let fits = |fault: &&mut DeliveryFault| {
            fault.times > 0 && (fault.event.is_empty() || event::matches(&fault.event, kind))
        };
        let fault = self.ordered.iter_mut().find(fits)?;
        fault.times -= 1;
        let mishap = fault.delivery;
        self.ordered.retain(|fault| fault.times > 0);
        Some(mishap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mishap_is_used_up_by_the_deliveries_that_match() {
        let mut mishaps = Mishaps::default();
        let json = r#"{"event": "invoice.*", "delivery": {"kind": "old_timestamp"}}"#;
        mishaps.add(serde_json::from_str(json).unwrap());
        assert_eq!(mishaps.take("charge.succeeded"), None);
        let expected = Mishap::OldTimestamp { seconds: 400 };
        assert_eq!(mishaps.take("invoice.paid"), Some(expected));
        assert_eq!(mishaps.take("invoice.paid"), None);
    }
}
