//! Faults of API calls that tests request.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// A fault of the next calls that match.
///
/// As JSON for `POST /sandbox/faults`:
/// `{"method": "POST", "path": "/v1/customers", "times": 1, "effect": {"kind": "refuse", "status": 503}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The HTTP method in capitals; empty for any.
    #[serde(default)]
    pub method: String,
    /// The beginning of the path, such as `/v1/checkout`.
    pub path: String,
    /// The number of calls that go wrong.
    #[serde(default = "once")]
    pub times: u32,
    /// The effect of the fault.
    pub effect: Effect,
}

/// The effect of a fault on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Answered with this status before anything is done; the idempotency key stays free.
    Refuse {
        /// The HTTP status.
        status: u16,
    },
    /// Not done, and answered with this status, which the idempotency key stores: the request began, failed and was
    /// rolled back.
    Spoil {
        /// The HTTP status.
        status: u16,
    },
    /// Done, but answered with this status. Stripe stores a 500 under the idempotency key like any other response, so
    /// the same key returns it again.
    Fail {
        /// The HTTP status.
        status: u16,
    },
    /// Done, but the connection breaks before the response. The idempotency key stores the real response.
    Drop,
    /// Done and answered with 200 and a body that is not JSON. The idempotency key stores the real response.
    Garble,
    /// Done after a pause, during which the idempotency key is in use.
    Delay {
        /// Milliseconds of wall time.
        millis: u64,
    },
    /// Done immediately, and answered after a pause.
    Lag {
        /// Milliseconds of wall time.
        millis: u64,
    },
}

fn once() -> u32 {
    1
}

/// The faults that are not used up.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    ordered: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    pub(crate) fn clear(&self) {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Uses up one fault that matches the call, in the order in which they were added.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<Effect> {
        let mut ordered = self.ordered.lock().unwrap_or_else(PoisonError::into_inner);
        let matches = |fault: &mut Fault| {
            fault.times > 0 && path.starts_with(&fault.path) && (fault.method.is_empty() || fault.method == method)
        };
        let fault = ordered.iter_mut().find_map(|fault| matches(fault).then_some(fault))?;
        fault.times -= 1;
        let effect = fault.effect;
        ordered.retain(|fault| fault.times > 0);
        Some(effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_up_by_the_calls_that_match() {
        let faults = Faults::default();
        let effect = Effect::Refuse { status: 503 };
        faults.add(Fault { method: "POST".to_owned(), path: "/v1/customers".to_owned(), times: 2, effect });
        assert_eq!(faults.take("GET", "/v1/customers"), None);
        assert_eq!(faults.take("POST", "/v1/prices"), None);
        assert_eq!(faults.take("POST", "/v1/customers/cus_1"), Some(effect));
        assert_eq!(faults.take("POST", "/v1/customers"), Some(effect));
        assert_eq!(faults.take("POST", "/v1/customers"), None);
    }

    #[test]
    fn a_fault_is_ordered_as_json() {
        let json = r#"{"path": "/v1/", "effect": {"kind": "delay", "millis": 20}}"#;
        let fault: Fault = serde_json::from_str(json).unwrap();
        assert_eq!((fault.times, fault.effect), (1, Effect::Delay { millis: 20 }));
    }
}
