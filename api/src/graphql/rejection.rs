//! Why a document is not run.

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError};

/// Why a document is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is no GraphQL.
    #[error("the document has a syntax error{}", place(.0.as_ref()))]
    Syntax(Option<Pos>),
    /// It is not clear which operation is meant.
    #[error("name one of the document's operations as operationName")]
    NoOperation,
}

impl Rejection {
    /// Its name among the reasons, for counting.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "syntax",
            Self::NoOperation => "no_operation",
        }
    }

    /// The code that clients go by.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) | Self::NoOperation => "BAD_REQUEST",
        }
    }

    /// What the parser says, without the words of its grammar.
    pub(super) fn syntax(error: &ServerError) -> Self {
        Self::Syntax(error.locations.first().copied())
    }
}

fn place(at: Option<&Pos>) -> String {
    at.map(|at| format!(" in line {}, column {}", at.line, at.column)).unwrap_or_default()
}

impl From<Rejection> for ServerError {
    fn from(rejection: Rejection) -> Self {
        let at = match rejection {
            Rejection::Syntax(at) => at,
            Rejection::NoOperation => None,
        };
        let mut error = Self::new(rejection.to_string(), at);
        error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", rejection.code());
        error
    }
}

impl From<Rejection> for Response {
    fn from(rejection: Rejection) -> Self {
        Self::from_errors(vec![rejection.into()])
    }
}
