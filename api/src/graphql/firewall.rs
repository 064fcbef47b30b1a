//! What every document passes before anything else walks it, whatever it came by.
//!
//! | rule | looks at | limit |
//! |---|---|---|
//! | [`tokens`] | the text, before it is parsed | `MAX_DOCUMENT_BYTES`, `MAX_DOCUMENT_TOKENS`, `MAX_DEPTH` |
//! | [`extent`] | the document with every fragment in its place | `MAX_DEPTH`, `MAX_ALIASES`, `MAX_DIRECTIVES`, `MAX_COMPLEXITY` |
//! | [`merge`] | what is selected twice | once |
//! | [`roots`] | the operation's own fields | `MAX_ROOT_FIELDS`, `MAX_MUTATIONS` |
//! | [`introspection`] | questions about the schema | `INTROSPECTION` |
//! | [`pages`] | `first` and `last` | `MAX_PAGE_SIZE` |
//! | [`variables`] | values, by the types that are declared for them | `MAX_DEPTH` |
//!
//! Each takes time that grows with the document and no faster. What it comes to in rows and lists is weighed after it was
//! found to fit the schema: see [`super::validation`].

mod extent;
mod introspection;
mod merge;
mod pages;
mod rejection;
mod roots;
mod shape;
#[cfg(test)]
mod tests;
mod tokens;
mod variables;

use async_graphql::{
    Request,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};

pub(super) use extent::LEVELS;
pub use rejection::Rejection;
use shape::Shape;

use crate::config::DocumentLimits;

/// Looks documents over.
pub(super) struct Firewall {
    limits: DocumentLimits,
    introspection: bool,
    shape: Shape,
}

impl Firewall {
    /// A firewall for the schema of this text.
    pub(super) fn new(limits: DocumentLimits, introspection: bool, sdl: &str) -> Self {
        Self { limits, introspection, shape: Shape::read(sdl) }
    }

    /// Looks over what is asked, and leaves it such that nothing in it runs twice.
    ///
    /// # Errors
    /// [`Rejection`], by the first rule that is broken.
    pub(super) fn inspect(&self, request: &mut Request) -> Result<OperationType, Rejection> {
        tokens::check(&request.query, &self.limits)?;
        variables::depth(&request.variables, self.limits.depth)?;
        let mut document = parse_query(&request.query).map_err(|error| Rejection::syntax(&error))?;
        let name = request.operation_name.as_deref();
        extent::check(&document, &self.limits)?;
        chosen(&document, name)?;
        merge::once_each(&mut document, name, &self.shape);
        let operation = chosen(&document, name)?;
        roots::check(operation, &self.limits, self.introspection)?;
        variables::check(operation, &request.variables, &self.shape)?;
        pages::check(operation, &request.variables, self.limits.page)?;
        variables::fill(operation, &document, &mut request.variables);
        let kind = operation.ty;
        request.set_parsed_query(document);
        Ok(kind)
    }

    /// A request for each operation of a document, with something in the place of every required variable.
    ///
    /// # Errors
    /// [`Rejection`], by the first rule that is broken.
    pub(super) fn rehearse(&self, text: &str) -> Result<Vec<Request>, Rejection> {
        tokens::check(text, &self.limits)?;
        let document = parse_query(text).map_err(|error| Rejection::syntax(&error))?;
        let requests = document.operations.iter().map(|(name, operation)| {
            let mut request = Request::new(text).variables(variables::samples(&operation.node, &self.shape));
            request.operation_name = name.map(ToString::to_string);
            self.inspect(&mut request).map(|_| request)
        });
        requests.collect()
    }
}

/// The operation that is asked for.
fn chosen<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition, Rejection> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        _ => None,
    };
    operation.map(|operation| &operation.node).ok_or(Rejection::NoOperation)
}
