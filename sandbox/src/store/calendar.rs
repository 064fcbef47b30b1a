//! Billing periods of subscriptions.

use chrono::{DateTime, Months};
use serde_json::Value;

/// Maximum number of periods to search: more than a daily price has in a lifetime.
const MAX_PERIODS: u32 = 100_000;

/// Number of seconds in a day.
pub(crate) const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A span of time, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Period {
    /// A moment as a period that is over at once.
    pub(crate) const fn moment(at: i64) -> Period {
        Period { start: at, end: at }
    }
}

/// Returns the first end of a period that is after a moment. Periods are counted from the anchor, at the interval of a
/// price. In a month without the anchor's day, the period ends on the last day; longer months have the anchor's day
/// again: 31 January, 28 February, 31 March (docs.stripe.com, "Billing cycles").
pub(crate) fn next_end(anchor: i64, recurring: &Value, moment: i64) -> i64 {
    (1..=MAX_PERIODS).map(|number| end_of(anchor, recurring, number)).find(|end| *end > moment).unwrap_or(i64::MAX)
}

/// Returns the end of a period by its number; the first is 1.
pub(crate) fn end_of(anchor: i64, recurring: &Value, number: u32) -> i64 {
    let count = recurring["interval_count"].as_u64().and_then(|count| u32::try_from(count).ok());
    let intervals = number.saturating_mul(count.unwrap_or(1).max(1));
    match recurring["interval"].as_str() {
        Some("day") => anchor.saturating_add(DAY_SECONDS * i64::from(intervals)),
        Some("week") => anchor.saturating_add(7 * DAY_SECONDS * i64::from(intervals)),
        Some("year") => months_after(anchor, intervals.saturating_mul(12)),
        _ => months_after(anchor, intervals),
    }
}

fn months_after(anchor: i64, months: u32) -> i64 {
    DateTime::from_timestamp(anchor, 0)
        .and_then(|moment| moment.checked_add_months(Months::new(months)))
        .map_or(i64::MAX, |moment| moment.timestamp())
}

/// Formats a day as on invoices: `2 Mar 2026`.
pub(crate) fn day(moment: i64) -> String {
    DateTime::from_timestamp(moment, 0).map_or_else(String::new, |moment| moment.format("%-d %b %Y").to_string())
}

/// Formats a moment as on pages: `2 Mar 2026 09:05 UTC`.
pub(crate) fn minute(moment: i64) -> String {
    let moment = DateTime::from_timestamp(moment, 0);
    moment.map_or_else(String::new, |moment| moment.format("%-d %b %Y %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    #[test]
    fn the_last_day_of_january_comes_back_in_march() {
        let anchor = at("2026-01-31T10:20:30Z");
        let monthly = json!({ "interval": "month", "interval_count": 1 });
        let mut ends = vec![anchor];
        for _ in 0..3 {
            ends.push(next_end(anchor, &monthly, ends[ends.len() - 1]));
        }
        let expected = ["2026-02-28T10:20:30Z", "2026-03-31T10:20:30Z", "2026-04-30T10:20:30Z"];
        assert_eq!(ends[1..], expected.map(at));
    }

    #[test]
    fn a_leap_year_has_its_day() {
        assert_eq!(months_after(at("2028-01-30T00:00:00Z"), 1), at("2028-02-29T00:00:00Z"));
    }

    #[test]
    fn other_intervals_are_counted_alike() {
        let anchor = at("2026-01-31T00:00:00Z");
        let after = |interval: &str, count: u32| {
            let recurring = json!({ "interval": interval, "interval_count": count });
            day(next_end(anchor, &recurring, anchor))
        };
        assert_eq!(after("day", 1), "1 Feb 2026");
        assert_eq!(after("week", 2), "14 Feb 2026");
        assert_eq!(after("year", 1), "31 Jan 2027");
    }
}
