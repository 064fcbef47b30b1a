//! Relay connections: checks their arguments, and maps pages to them.

use async_graphql::{
    OutputType,
    connection::{Connection, ConnectionNameType, CursorType, Edge, EdgeNameType, EmptyFields, OpaqueCursor},
};

use crate::{
    error::{Error, Rule, both},
    page::{DEFAULT_PAGE, End, MAX_PAGE, Page, Window},
};

/// A connection whose cursors are keys. They are opaque to clients.
pub(super) type List<Node, Name, EdgeName, Key = i64> =
    Connection<OpaqueCursor<Key>, Node, EmptyFields, EmptyFields, Name, EdgeName>;

/// A connection's arguments, as the client sent them.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
}

impl Arguments {
    /// Checks the arguments.
    pub(super) fn window<Key>(self) -> Result<Window<Key>, Error>
    where
        OpaqueCursor<Key>: CursorType,
    {
        let size = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                Err(Error::bad_field("last", Rule::NotApplicable, "Provide either first or last, not both."))
            }
            (None, Some(last)) => limit("last", last).map(|limit| (End::Last, limit)),
            (Some(first), None) => limit("first", first).map(|limit| (End::First, limit)),
            (None, None) => Ok((End::First, DEFAULT_PAGE)),
        };
        let cursors = both(key("after", self.after), key("before", self.before));
        let ((end, limit), (after, before)) = both(size, cursors)?;
        Ok(Window { after, before, end, limit })
    }
}

fn limit(field: &str, size: i32) -> Result<u64, Error> {
    let limit = u64::try_from(size).ok().filter(|limit| *limit <= MAX_PAGE);
    let rule = Rule::Range { min: 0, max: MAX_PAGE.cast_signed() };
    limit.ok_or_else(|| Error::bad_field(field, rule, format!("A page has 0 to {MAX_PAGE} rows.")))
}

/// Reads an optional cursor, which the request has in `field`.
pub(super) fn key<Key>(field: &str, cursor: Option<String>) -> Result<Option<Key>, Error>
where
    OpaqueCursor<Key>: CursorType,
{
    let Some(cursor) = cursor else { return Ok(None) };
    let OpaqueCursor(key) = CursorType::decode_cursor(&cursor).map_err(|_| {
        Error::bad_field(field, Rule::Format("CURSOR"), format!("{field} must be a cursor of this list."))
    })?;
    Ok(Some(key))
}

/// Maps a page to a connection.
pub(super) fn connection<Row, Node, Name, EdgeName, Key>(
    page: Page<Row>,
    key: impl Fn(&Row) -> Key,
    node: impl Fn(Row) -> Node,
) -> List<Node, Name, EdgeName, Key>
where
    Node: OutputType,
    Name: ConnectionNameType,
    EdgeName: EdgeNameType,
    OpaqueCursor<Key>: CursorType + Send + Sync,
{
    let mut connection = Connection::new(page.has_previous, page.has_next);
    connection.edges.extend(page.rows.into_iter().map(|row| Edge::new(OpaqueCursor(key(&row)), node(row))));
    connection
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::*;

    fn window(first: Option<i32>, last: Option<i32>, after: Option<&str>) -> Result<Window, Error> {
        Arguments { first, last, after: after.map(ToOwned::to_owned), before: None }.window()
    }

    #[test]
    fn a_page_has_at_most_a_hundred_rows() {
        assert_eq!(window(Some(100), None, None).unwrap().limit, 100);
        for first in [101, -1, i32::MAX, i32::MIN] {
            assert!(window(Some(first), None, None).is_err(), "{first}");
        }
    }

    #[test]
    fn first_and_last_exclude_each_other() {
        assert!(window(Some(1), Some(1), None).is_err());
    }

    #[test]
    fn a_cursor_comes_back_as_its_key_and_nothing_else_is_one() {
        let cursor = OpaqueCursor(42_i64).encode_cursor();
        assert_eq!(window(None, None, Some(&cursor)).unwrap().after, Some(42));
        for odd in ["", "42", "%%%", "bm90IGEgbnVtYmVy", "\u{0}"] {
            assert!(window(None, None, Some(odd)).is_err(), "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn every_key_comes_back_from_its_cursor(number in any::<i64>(), micros in -1_i64 << 50..1 << 50, id in ".{0,20}") {
            prop_assert_eq!(key("after", Some(OpaqueCursor(number).encode_cursor())).unwrap(), Some(number));
            let place: (DateTime<Utc>, String) = (DateTime::from_timestamp_micros(micros).unwrap(), id);
            prop_assert_eq!(key("after", Some(OpaqueCursor(place.clone()).encode_cursor())).unwrap(), Some(place));
        }

        #[test]
        fn any_other_text_is_refused_in_our_words_or_means_one_key(text in ".{0,20}", pieces in "[A-Za-z0-9_-]{0,12}") {
            for text in [text, pieces] {
                match window(None, None, Some(&text)) {
                    Err(error) => prop_assert_eq!(error.to_string(), "after must be a cursor of this list."),
                    Ok(window) => {
                        let again = OpaqueCursor(window.after.unwrap()).encode_cursor();
                        prop_assert_eq!(key("after", Some(again)).unwrap(), window.after);
                    }
                }
            }
        }
    }
}
