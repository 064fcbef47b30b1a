//! Counts of the API requests, so that a test can prove which were not made.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Requests by method and path template, such as `POST /v1/customers` or `GET /v1/subscriptions/{id}`.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    counts: Mutex<BTreeMap<String, u64>>,
}

impl RequestLog {
    pub(crate) fn add(&self, method: &str, template: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(format!("{method} {template}")).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
