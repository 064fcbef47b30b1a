//! Why a document is not run: each reason with its code, and with its name among what is counted.

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError, parser};

/// Why a document is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It is no GraphQL.
    #[error("the document has a syntax error{}", place(.0.as_ref()))]
    Syntax(Option<Pos>),
    /// It is not clear which operation is meant.
    #[error("the document has no such operation: name one of its operations as operationName")]
    NoOperation,
    /// `MAX_DOCUMENT_BYTES`.
    #[error("the document has more than {0} bytes")]
    Bytes(usize),
    /// `MAX_DOCUMENT_TOKENS`.
    #[error("the document has more than {0} tokens")]
    Tokens(usize),
    /// `MAX_DEPTH`, and what the library can walk.
    #[error("the document is nested more than {0} levels deep")]
    Depth(usize),
    /// `MAX_ALIASES`.
    #[error("the document has more than {0} aliases")]
    Aliases(usize),
    /// `MAX_DIRECTIVES`.
    #[error("the document has more than {0} directives")]
    Directives(usize),
    /// `MAX_COMPLEXITY`.
    #[error("the document comes to more than {0} fields, arguments and values, with lists counted by their page")]
    Complexity(usize),
    /// A fragment would never end.
    #[error("the fragment {0} spreads itself")]
    Cycle(String),
    /// `MAX_ROOT_FIELDS`, `MAX_MUTATIONS`, and one for subscriptions.
    #[error("a {0} selects at most {1} field(s): send the others by themselves")]
    RootFields(&'static str, usize),
    /// What changes something is selected twice, and not alike.
    #[error("{0} is selected twice, with other arguments or conditions: select it once")]
    Repeated(String),
    /// `MAX_PAGE_SIZE`.
    #[error("a page has 0 to {0} rows")]
    Page(u64),
    /// A variable is missing, or is not what the operation declares. The sentence does not repeat it.
    #[error("{0}")]
    Variable(String),
    /// Lists of the schema, one in the other, which multiply.
    #[error("introspection is nested more than {0} lists deep")]
    IntrospectionDepth(usize),
    /// `INTROSPECTION` is off.
    #[error("introspection is switched off here: the schema is published as schema.graphql")]
    Introspection,
    /// `TRUSTED_DOCUMENTS` does not name it.
    #[error("only documents that were published with this gateway may run here")]
    NotTrusted,
    /// Its text is to be sent once more. The words are those that clients look for.
    #[error("PersistedQueryNotFound")]
    NotRemembered,
    /// Its text is to be sent each time. The words are those that clients look for.
    #[error("PersistedQueryNotSupported")]
    NothingRemembered,
    /// The text has another hash than the one that came with it.
    #[error("provided sha does not match query")]
    OtherHash,
    /// What should be a hash is none.
    #[error("name a document by the 64 hexadecimal digits of its SHA-256, as documentId or extensions.persistedQuery")]
    OddHash,
}

impl Rejection {
    /// Its name among the reasons, for counting.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "syntax",
            Self::NoOperation => "no_operation",
            Self::Bytes(_) => "bytes",
            Self::Tokens(_) => "tokens",
            Self::Depth(_) => "depth",
            Self::Aliases(_) => "aliases",
            Self::Directives(_) => "directives",
            Self::Complexity(_) => "complexity",
            Self::Cycle(_) => "cycle",
            Self::RootFields(..) => "root_fields",
            Self::Repeated(_) => "repeated",
            Self::Page(_) => "page",
            Self::Variable(_) => "variable",
            Self::IntrospectionDepth(_) => "introspection_depth",
            Self::Introspection => "introspection",
            Self::NotTrusted => "not_trusted",
            Self::NotRemembered => "not_remembered",
            Self::NothingRemembered => "nothing_remembered",
            Self::OtherHash => "other_hash",
            Self::OddHash => "odd_hash",
        }
    }

    /// The code that clients go by.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_)
            | Self::NoOperation
            | Self::Cycle(_)
            | Self::Repeated(_)
            | Self::Variable(_)
            | Self::OtherHash
            | Self::OddHash => "BAD_REQUEST",
            Self::Bytes(_) => "DOCUMENT_TOO_LARGE",
            Self::Tokens(_) => "TOO_MANY_TOKENS",
            Self::Depth(_) | Self::IntrospectionDepth(_) => "TOO_DEEP",
            Self::Aliases(_) => "TOO_MANY_ALIASES",
            Self::Directives(_) => "TOO_MANY_DIRECTIVES",
            Self::Complexity(_) => "TOO_COMPLEX",
            Self::RootFields(..) => "TOO_MANY_ROOT_FIELDS",
            Self::Page(_) => "BAD_USER_INPUT",
            Self::Introspection => "INTROSPECTION_DISABLED",
            Self::NotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::NotRemembered => "PERSISTED_QUERY_NOT_FOUND",
            Self::NothingRemembered => "PERSISTED_QUERY_NOT_SUPPORTED",
        }
    }

    /// What the parser says, without the words of its grammar.
    pub(super) fn syntax(error: &parser::Error) -> Self {
        Self::Syntax(error.positions().next())
    }
}

fn place(at: Option<&Pos>) -> String {
    at.map(|at| format!(" in line {}, column {}", at.line, at.column)).unwrap_or_default()
}

impl From<Rejection> for ServerError {
    fn from(rejection: Rejection) -> Self {
        let at = match rejection {
            Rejection::Syntax(at) => at,
            _ => None,
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
