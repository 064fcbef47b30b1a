//! Decides which documents run: by the firewall, and by the validation against the schema.
//!
//! Both take up to some milliseconds for a document, and clients send the same few documents again and again. So an operation
//! that was admitted is remembered in its parsed and merged form, by the hash of its document; when it comes again, nothing is
//! parsed or walked, and only its variables are checked. The decision is the same either way: no check of a document depends on
//! variables, and every check of variables runs for every request.

use std::{num::NonZeroU32, sync::Arc};

use async_graphql::{Positioned, Request, Variables, parser::types::Selection};

use super::{
    Rejection,
    cache::Cache,
    firewall::{Firewall, PreparedOperation},
    hash::DocumentHash,
    validation::Validator,
};
use crate::config::Config;

/// Maximum number of remembered operations.
const MAX_OPERATIONS: usize = 1000;

/// Approximate maximum of the bytes of remembered operations.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Approximate bytes of a selection or a value in a parsed operation, with its names.
const BYTES_PER_PART: usize = 2 * size_of::<Positioned<Selection>>();

/// Admits operations.
pub(super) struct Admission {
    firewall: Firewall,
    validator: Validator,
    remembered: Cache<Key, Arc<PreparedOperation>>,
}

/// A document, and the operation that was chosen by name.
type Key = (DocumentHash, Option<String>);

/// An operation that may run.
pub(super) struct AdmittedDocument {
    pub(super) operation: Arc<PreparedOperation>,
    /// True if the operation was remembered before.
    pub(super) was_remembered: bool,
}

impl Admission {
    /// An admission by the limits of a configuration.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            firewall: Firewall::new(config.limits.document.clone(), config.introspection),
            validator: Validator::new(config.introspection),
            remembered: Cache::new(MAX_OPERATIONS, MAX_BYTES),
        }
    }

    /// Decides whether an operation runs, and makes its variables complete. `hash` is that of the request's document.
    ///
    /// # Errors
    /// [`Rejection`].
    pub(super) fn admit(
        &self,
        request: &mut Request,
        hash: Option<DocumentHash>,
    ) -> Result<AdmittedDocument, Rejection> {
        let key = hash.map(|hash| (hash, request.operation_name.clone()));
        if let Some(operation) = key.and_then(|key| self.remembered.get(&key)) {
            self.firewall.check_variables(&operation, &mut request.variables)?;
            return Ok(AdmittedDocument { operation, was_remembered: true });
        }
        let mut operation = self.firewall.prepare(&request.query, request.operation_name.as_deref())?;
        self.validate(&mut operation, &mut request.variables)?;
        Ok(AdmittedDocument { operation: Arc::new(operation), was_remembered: false })
    }

    /// Remembers an operation that was admitted.
    pub(super) fn remember(&self, hash: DocumentHash, operation: &Arc<PreparedOperation>) {
        let key = (hash, operation.operation_name().map(ToOwned::to_owned));
        self.remembered.insert(key, Arc::clone(operation), bytes(operation));
    }

    /// The number of average operations that have room in the place of one that was admitted.
    pub(super) fn places(&self, operation: &PreparedOperation) -> NonZeroU32 {
        self.remembered.places(bytes(operation))
    }

    /// Checks every operation of a document that comes without variables.
    ///
    /// # Errors
    /// [`Rejection`].
    pub(super) fn check(&self, document: &str) -> Result<(), Rejection> {
        self.firewall.prepare_all(document)?.iter_mut().try_for_each(|operation| {
            let mut samples = self.firewall.sample_variables(operation);
            self.validate(operation, &mut samples)
        })
    }

    fn validate(&self, operation: &mut PreparedOperation, given: &mut Variables) -> Result<(), Rejection> {
        self.firewall.check_variables(operation, given)?;
        self.validator.check(operation, self.firewall.sample_variables(operation))?;
        operation.keep_own_operation();
        Ok(())
    }
}

/// Approximate bytes of a remembered operation.
fn bytes(operation: &PreparedOperation) -> usize {
    operation.parts().saturating_mul(BYTES_PER_PART)
}
