//! Dates and times, in one form wherever clients see them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SecondsFormat, Utc};

/// A moment, as the schema's `DateTime` writes it. No resolver returns another type of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

/// A date and time by RFC 3339. Results are always in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. Arguments may have any
/// offset and precision.
#[Scalar(name = "DateTime", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for Moment {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let moment = DateTime::parse_from_rfc3339(text)
            .map_err(|_| "A DateTime has the form 2026-01-31T12:00:00Z.".to_owned())?;
        Ok(Self(moment.to_utc()))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let moment = Moment::parse(Value::String(text.to_owned())).ok()?;
        match moment.to_value() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn every_moment_is_written_in_utc_with_milliseconds() {
        for (text, written) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"),
            ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500Z"),
            ("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123Z"),
            ("2026-01-31T23:30:00-01:00", "2026-02-01T00:30:00.000Z"),
            ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(written));
            assert_eq!(read(written).as_deref(), Some(written), "a result can be sent back");
        }
    }

    #[test]
    fn other_text_is_no_moment() {
        for text in ["", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "1769860800"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert!(Moment::parse(Value::from(1_769_860_800)).is_err());
    }
}
