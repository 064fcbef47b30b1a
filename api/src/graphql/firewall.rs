//! The checks that every document passes before it runs, whichever way it came.
//!
//! | rule | checks | limit |
//! |---|---|---|
//! | [`text`] | the text, before it is parsed | `MAX_DOCUMENT_BYTES`, `MAX_DOCUMENT_TOKENS`, `MAX_DEPTH` |
//! | [`size`] | the document with every fragment expanded | `MAX_DEPTH`, `MAX_ALIASES`, `MAX_DIRECTIVES`, `MAX_COMPLEXITY` |
//! | [`merge`] | fields that are selected twice | once |
//! | [`root_fields`] | the fields that the operation starts with | `MAX_ROOT_FIELDS`, `MAX_MUTATIONS` |
//! | [`introspection`] | the length of the schema's description | `INTROSPECTION` |
//! | [`variables`] | values, by the types that are declared for them | `MAX_DEPTH` |
//! | [`complexity`] | lists by their page, variables wherever they are named | `MAX_COMPLEXITY`, `MAX_PAGE_SIZE` |
//!
//! The time that each rule takes grows with the document and no faster. Those that look only at the document run once for it:
//! what they leave is a [`PreparedOperation`]. Those that look at variables run for every request.

mod complexity;
mod introspection;
mod merge;
mod rejection;
mod root_fields;
mod shape;
mod size;
#[cfg(test)]
mod tests;
mod text;
mod variables;

use async_graphql::{
    Request, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};

use self::{
    complexity::Complexity,
    shape::{SHAPE, Shape},
};
pub use rejection::Rejection;
pub(super) use size::LEVELS;

use crate::config::DocumentLimits;

/// Checks documents and their variables.
pub(super) struct Firewall {
    limits: DocumentLimits,
    introspection: bool,
    shape: &'static Shape,
}

/// An operation whose document passed the checks that do not depend on variables.
pub(super) struct PreparedOperation {
    /// The document, with this operation merged.
    document: ExecutableDocument,
    operation_name: Option<String>,
    complexity: Complexity,
    parts: usize,
    kind: OperationType,
    needs_no_token: bool,
}

impl PreparedOperation {
    /// The name by which the client chose the operation.
    pub(super) fn operation_name(&self) -> Option<&str> {
        self.operation_name.as_deref()
    }

    /// The kind of the operation.
    pub(super) const fn kind(&self) -> OperationType {
        self.kind
    }

    /// True for a login, and for other mutations of people without a token.
    pub(super) const fn needs_no_token(&self) -> bool {
        self.needs_no_token
    }

    /// The number of selections and values, defaults among them: the memory that the operation takes grows with it.
    pub(super) const fn parts(&self) -> usize {
        self.parts
    }

    /// Hands the parsed operation to a request.
    pub(super) fn hand_to(&self, request: &mut Request) {
        request.set_parsed_query(self.document.clone());
    }

    /// Drops whatever other operations need, once the document as a whole was validated.
    pub(super) fn keep_own_operation(&mut self) {
        self.document.fragments.clear();
        if let (DocumentOperations::Multiple(operations), Some(name)) =
            (&mut self.document.operations, &self.operation_name)
        {
            operations.retain(|operation, _| operation.as_str() == name);
        }
    }
}

impl Firewall {
    /// Creates a firewall for the gateway's schema. `introspection` is true if clients may introspect.
    pub(super) fn new(limits: DocumentLimits, introspection: bool) -> Self {
        Self { limits, introspection, shape: &SHAPE }
    }

    /// Checks a document, and prepares one of its operations so that nothing in it runs twice.
    ///
    /// # Errors
    /// [`Rejection`], by the first rule that is broken.
    pub(super) fn prepare(&self, text: &str, operation_name: Option<&str>) -> Result<PreparedOperation, Rejection> {
        text::check(text, &self.limits)?;
        let document = parse_query(text).map_err(|error| Rejection::syntax(&error, text))?;
        self.prepare_parsed(document, operation_name)
    }

    fn prepare_parsed(
        &self,
        mut document: ExecutableDocument,
        name: Option<&str>,
    ) -> Result<PreparedOperation, Rejection> {
        size::check(&document, &self.limits, self.shape)?;
        variables::once_each(chosen(&document, name)?)?;
        merge::once_each(&mut document, name, self.shape);
        let operation = chosen(&document, name)?;
        root_fields::check(operation, &self.limits, self.introspection, self.shape)?;
        let complexity = Complexity::of(operation, self.shape);
        let parts = complexity.parts.saturating_add(variables::declarations(operation));
        let (kind, needs_no_token) = (operation.ty, root_fields::need_no_token(operation));
        let operation_name = name.map(ToOwned::to_owned);
        Ok(PreparedOperation { document, operation_name, complexity, parts, kind, needs_no_token })
    }

    /// Checks the variables of a request, and adds null for those that were left out.
    ///
    /// # Errors
    /// [`Rejection`], by the first rule that is broken.
    pub(super) fn check_variables(&self, prepared: &PreparedOperation, given: &mut Variables) -> Result<(), Rejection> {
        let operation = chosen(&prepared.document, prepared.operation_name.as_deref())?;
        variables::depth(given, self.limits.depth)?;
        variables::check(operation, given, self.shape)?;
        prepared.complexity.check(operation, given, &self.limits)?;
        variables::fill(operation, given);
        Ok(())
    }

    /// Prepares each operation of a document.
    ///
    /// # Errors
    /// [`Rejection`], by the first rule that is broken.
    pub(super) fn prepare_all(&self, text: &str) -> Result<Vec<PreparedOperation>, Rejection> {
        text::check(text, &self.limits)?;
        let document = parse_query(text).map_err(|error| Rejection::syntax(&error, text))?;
        let names: Vec<_> = document.operations.iter().map(|(name, _)| name.map(ToString::to_string)).collect();
        let prepared = names.iter().map(|name| self.prepare_parsed(document.clone(), name.as_deref()));
        prepared.collect()
    }

    /// A value for each variable of an operation that has one type in the whole document.
    pub(super) fn sample_variables(&self, prepared: &PreparedOperation) -> Variables {
        let operation = chosen(&prepared.document, prepared.operation_name.as_deref());
        operation.map(|operation| variables::samples(operation, &prepared.document, self.shape)).unwrap_or_default()
    }
}

/// The operation that is to run.
fn chosen<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition, Rejection> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        _ => None,
    };
    operation.map(|operation| &operation.node).ok_or(Rejection::NoOperation)
}
