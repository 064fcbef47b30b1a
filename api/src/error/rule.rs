//! The rules that arguments can violate, for programs.

/// The rule that an argument violates, with its limits. Pages translate by it, so a rule keeps its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The argument is missing, blank or empty.
    Required,
    /// The number is outside of a range. Both ends belong to it.
    Range {
        /// The smallest number.
        min: i64,
        /// The largest number.
        max: i64,
    },
    /// The text is too short or too long.
    Length {
        /// The smallest number of bytes in UTF-8.
        min: usize,
        /// The largest number of bytes in UTF-8.
        max: usize,
    },
    /// The text contains characters that it must not, such as control characters.
    Characters,
    /// The text is not of a form, which is named.
    Format(&'static str),
    /// The value is none of these.
    OneOf(&'static [&'static str]),
    /// The argument has to be left out: it does not go with another argument, or with the state of its object.
    NotApplicable,
    /// The value is well formed, and not allowed on this server.
    NotAllowed,
    /// The time is not later than that of another argument.
    Later(&'static str),
    /// The account allows to take so many credits at most.
    Available(i64),
    /// There would be more than this number.
    Limit(usize),
    /// The password is not the current one.
    WrongPassword,
    /// The mailed link is invalid, has expired or was used.
    InvalidLink,
    /// The value is the present one.
    Unchanged,
    /// Another user has the value.
    Taken,
    /// The account is closed.
    AccountClosed,
    /// The host does not exist.
    UnknownHost,
}

impl Rule {
    /// The range of a balance.
    pub const BALANCE: Self = Self::Range { min: -2_147_483_648, max: 2_147_483_647 };

    /// The name of the rule.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Required => "REQUIRED",
            Self::Range { .. } => "RANGE",
            Self::Length { .. } => "LENGTH",
            Self::Characters => "CHARACTERS",
            Self::Format(_) => "FORMAT",
            Self::OneOf(_) => "ONE_OF",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::Later(_) => "LATER",
            Self::Available(_) => "AVAILABLE",
            Self::Limit(_) => "LIMIT",
            Self::WrongPassword => "WRONG_PASSWORD",
            Self::InvalidLink => "INVALID_LINK",
            Self::Unchanged => "UNCHANGED",
            Self::Taken => "TAKEN",
            Self::AccountClosed => "ACCOUNT_CLOSED",
            Self::UnknownHost => "UNKNOWN_HOST",
        }
    }
}
