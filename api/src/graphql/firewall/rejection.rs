//! Reasons for which a document does not run: each with its code, its message and its name in the metrics.

use std::fmt;

use async_graphql::{
    ErrorExtensionValues, Pos, Response, ServerError,
    parser::{self, types::OperationType},
};

use crate::{
    error::{InputProblem, Rule},
    graphql::{
        errors,
        lexer::{Kind, Lexeme, Lexer},
    },
};

/// Maximum length of a token in a message, in characters.
const MAX_TOKEN_CHARS: usize = 40;

/// A reason for which a document does not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The text is not GraphQL.
    #[error("The document has a syntax error{}.", .0.as_ref().map(ToString::to_string).unwrap_or_default())]
    Syntax(Option<Place>),
    /// The parser would read the rest of the text as another value.
    #[error("The document has a syntax error: a block string is not closed.")]
    OpenBlockString,
    /// The operation to run is unclear.
    #[error("The document has no such operation. Send the name of one of its operations as operationName.")]
    NoOperation,
    /// `MAX_DOCUMENT_BYTES`.
    #[error("The document has more than {0} bytes.")]
    Bytes(usize),
    /// `MAX_DOCUMENT_TOKENS`.
    #[error("The document has more than {0} tokens.")]
    Tokens(usize),
    /// A name is too long.
    #[error("A name in the document has more than {0} bytes.")]
    NameLength(usize),
    /// `MAX_DEPTH`, and the depth to which async-graphql walks.
    #[error("The document is nested more than {0} levels deep.")]
    Depth(usize),
    /// Too many operations.
    #[error("The document has more than {0} operations.")]
    Operations(usize),
    /// `MAX_ALIASES`.
    #[error("The document has more than {0} aliases.")]
    Aliases(usize),
    /// `MAX_DIRECTIVES`.
    #[error("The document has more than {0} directives.")]
    Directives(usize),
    /// `MAX_COMPLEXITY`.
    #[error(
        "The document has {weight} fields, arguments and values, counting lists by their page. The limit is {limit}."
    )]
    Complexity {
        /// The number that the document has.
        weight: usize,
        /// The largest number that it may have.
        limit: usize,
    },
    /// A fragment would never end.
    #[error("The fragment {0} spreads itself.")]
    Cycle(String),
    /// Fields and arguments that do not exist, too many to suggest others for each.
    #[error("The document has more than {0} fields and arguments that the schema does not have.")]
    UnknownNames(usize),
    /// A field or an argument that does not exist has a name too long to suggest others for it.
    #[error("The schema has no field or argument whose name has more than {0} bytes.")]
    UnknownNameLength(usize),
    /// `MAX_ROOT_FIELDS`, `MAX_MUTATIONS`, and one for subscriptions.
    #[error("A {0} can select at most {1} field(s). Send the others in separate requests.")]
    RootFields(&'static str, usize),
    /// A mutation or subscription is selected twice, with other arguments.
    #[error("{0} is selected twice with different arguments or conditions. Select it once.")]
    Repeated(String),
    /// `MAX_PAGE_SIZE`.
    #[error("A page has 0 to {limit} rows.")]
    Page {
        /// The most rows.
        limit: u64,
        /// The argument that asks for more.
        field: &'static str,
    },
    /// A variable is missing or not of the type that the operation declares. The message does not repeat its value.
    #[error("{0}")]
    Variable(String),
    /// The answer to introspection would be too long.
    #[error("The answer to this introspection query would have more than {0} bytes.")]
    IntrospectionSize(usize),
    /// `INTROSPECTION` is disabled.
    #[error("Introspection is disabled on this server. The schema is published as schema.graphql.")]
    Introspection,
    /// The document does not fit the schema.
    #[error("{}", .problems.first().map_or("The document is not valid.", |problem| problem.message.as_str()))]
    Invalid {
        /// The kind of the operation that was to run.
        kind: OperationType,
        /// At least one.
        problems: Vec<Problem>,
    },
    /// `TRUSTED_DOCUMENTS` does not contain it.
    #[error("Only documents that were published with this server can run.")]
    NotTrusted,
    /// The client is to send the text once more. Clients look for this message.
    #[error("PersistedQueryNotFound")]
    NotRemembered,
    /// The client is to send the text each time. Clients look for this message.
    #[error("PersistedQueryNotSupported")]
    NothingRemembered,
    /// The text has another hash than the one that came with it.
    #[error("provided sha does not match query")]
    OtherHash,
    /// The hash is malformed.
    #[error(
        "Identify a document by the 64 hexadecimal digits of its SHA-256, as documentId or extensions.persistedQuery."
    )]
    BadHash,
}

/// The position of a syntax error, and the token at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    at: Pos,
    found: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " in line {}, column {}, at {}", self.at.line, self.at.column, self.found)
    }
}

/// A place where a document does not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    message: String,
    locations: Vec<Pos>,
}

impl Rejection {
    /// Its name in the metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Syntax(_) | Self::OpenBlockString => "syntax",
            Self::NoOperation => "no_operation",
            Self::Bytes(_) => "bytes",
            Self::Tokens(_) => "tokens",
            Self::NameLength(_) => "name_length",
            Self::Depth(_) => "depth",
            Self::Operations(_) => "operations",
            Self::Aliases(_) => "aliases",
            Self::Directives(_) => "directives",
            Self::Complexity { .. } => "complexity",
            Self::Cycle(_) => "cycle",
            Self::UnknownNames(_) | Self::UnknownNameLength(_) => "unknown_names",
            Self::RootFields(..) => "root_fields",
            Self::Repeated(_) => "repeated",
            Self::Page { .. } => "page",
            Self::Variable(_) => "variable",
            Self::IntrospectionSize(_) => "introspection_size",
            Self::Introspection => "introspection",
            Self::Invalid { .. } => "validation",
            Self::NotTrusted => "not_trusted",
            Self::NotRemembered => "not_remembered",
            Self::NothingRemembered => "nothing_remembered",
            Self::OtherHash => "other_hash",
            Self::BadHash => "bad_hash",
        }
    }

    /// The code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_)
            | Self::OpenBlockString
            | Self::NoOperation
            | Self::NameLength(_)
            | Self::Cycle(_)
            | Self::UnknownNames(_)
            | Self::UnknownNameLength(_)
            | Self::Repeated(_)
            | Self::Variable(_)
            | Self::Invalid { .. }
            | Self::OtherHash
            | Self::BadHash => "BAD_REQUEST",
            Self::Bytes(_) => "DOCUMENT_TOO_LARGE",
            Self::Tokens(_) => "TOO_MANY_TOKENS",
            Self::Depth(_) => "TOO_DEEP",
            Self::Operations(_) => "TOO_MANY_OPERATIONS",
            Self::Aliases(_) => "TOO_MANY_ALIASES",
            Self::Directives(_) => "TOO_MANY_DIRECTIVES",
            Self::Complexity { .. } | Self::IntrospectionSize(_) => "TOO_COMPLEX",
            Self::RootFields(..) => "TOO_MANY_ROOT_FIELDS",
            Self::Page { .. } => "BAD_USER_INPUT",
            Self::Introspection => "INTROSPECTION_DISABLED",
            Self::NotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::NotRemembered => "PERSISTED_QUERY_NOT_FOUND",
            Self::NothingRemembered => "PERSISTED_QUERY_NOT_SUPPORTED",
        }
    }

    /// The limit that is exceeded, where there is one.
    const fn limit(&self) -> Option<usize> {
        match self {
            Self::Bytes(limit)
            | Self::Tokens(limit)
            | Self::Depth(limit)
            | Self::Operations(limit)
            | Self::Aliases(limit)
            | Self::Directives(limit)
            | Self::RootFields(_, limit)
            | Self::IntrospectionSize(limit)
            | Self::Complexity { limit, .. } => Some(*limit),
            _ => None,
        }
    }

    /// A syntax error in a text, without the parser's own terms.
    pub(super) fn syntax(error: &parser::Error, text: &str) -> Self {
        Self::Syntax(error.positions().next().map(|at| Place { at, found: token_at(text, at) }))
    }

    /// The errors of a validation.
    pub(in crate::graphql) fn invalid(kind: OperationType, errors: Vec<ServerError>) -> Self {
        let errors = errors::bounded(errors).into_iter();
        let problems = errors.map(|ServerError { message, locations, .. }| Problem { message, locations }).collect();
        Self::Invalid { kind, problems }
    }

    /// The errors that a client sees.
    fn into_errors(self) -> Vec<ServerError> {
        let (code, message, limit) = (self.code(), self.to_string(), self.limit());
        let weight = if let Self::Complexity { weight, .. } = self { Some(weight) } else { None };
        let argument = match &self {
            Self::Page { field, limit } => Some(InputProblem {
                field: Some((*field).to_owned()),
                rule: Rule::Range { min: 0, max: limit.cast_signed() },
                message: message.clone(),
            }),
            _ => None,
        };
        let problems = match self {
            Self::Invalid { problems, .. } => problems,
            Self::Syntax(place) => {
                vec![Problem { message, locations: place.into_iter().map(|place| place.at).collect() }]
            }
            _ => vec![Problem { message, locations: Vec::new() }],
        };
        let errors = problems.into_iter().map(|problem| {
            let mut error = ServerError::new(problem.message, None);
            error.locations = problem.locations;
            let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
            extensions.set("code", code);
            for (name, number) in [("limit", limit), ("weight", weight)] {
                if let Some(number) = number {
                    extensions.set(name, number);
                }
            }
            errors::name_fields(extensions, argument.as_slice());
            error
        });
        errors::bounded(errors.collect())
    }
}

/// Names the token at a position. A string is not repeated: it may be a password.
fn token_at(text: &str, at: Pos) -> String {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(at.line.saturating_sub(1)).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    let start = line.char_indices().nth(at.column.saturating_sub(1)).map_or(line.len(), |(start, _)| start);
    let rest = text.get(before + start..).unwrap_or_default();
    match Lexer::new(rest).find(Lexeme::is_token) {
        None => "its end".to_owned(),
        Some(Lexeme { kind: Kind::String { .. } | Kind::BlockString { .. }, .. }) => "a string".to_owned(),
        Some(lexeme) => format!("{:?}", lexeme.text.chars().take(MAX_TOKEN_CHARS).collect::<String>()),
    }
}

impl From<Rejection> for Response {
    fn from(rejection: Rejection) -> Self {
        Self::from_errors(rejection.into_errors())
    }
}
