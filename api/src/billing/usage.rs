//! Exports and the credits spent on them, by time.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};

use crate::{
    app::App,
    error::{Error, Rule},
    ledger,
};

/// The largest number of intervals that are counted at once: the days of a leap year.
pub const MAX_INTERVALS: usize = 366;

/// The length of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// A day in UTC.
    Day,
    /// A calendar month in UTC.
    Month,
}

/// A range of time: `from` belongs to it, `to` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The start.
    pub from: DateTime<Utc>,
    /// The end.
    pub to: DateTime<Utc>,
}

/// The exports of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The range. At both ends of what was requested, it may be a part of an interval.
    pub range: Range,
    /// The number of exports.
    pub exports: i64,
    /// The credits spent on them.
    pub credits: i64,
}

/// Counts a user's exports in each interval of a range, oldest first. The intervals follow each other without gaps.
///
/// # Errors
/// [`Error::BadInput`] for a range that is empty or has more than [`MAX_INTERVALS`] intervals; the database's.
pub async fn usage(app: &App, user_id: i64, range: Range, by: Interval) -> Result<Vec<Usage>, Error> {
    let mut usage = intervals(range, by)?;
    let places: HashMap<_, _> =
        usage.iter().enumerate().map(|(place, part)| (by.start(part.range.from.date_naive()), place)).collect();
    for day in ledger::exports_by_day(app.database.read(), user_id, range.from, range.to).await? {
        if let Some(part) = places.get(&by.start(day.day)).and_then(|place| usage.get_mut(*place)) {
            part.exports += day.exports;
            part.credits += day.credits;
        }
    }
    Ok(usage)
}

impl Interval {
    /// The first day of the interval that contains a day.
    fn start(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    /// The start of the next interval. `None` at the end of the calendar.
    fn next(self, start: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => start.checked_add_days(Days::new(1)),
            Self::Month => start.checked_add_months(Months::new(1)),
        }
    }
}

/// Splits a range into intervals without exports.
fn intervals(range: Range, by: Interval) -> Result<Vec<Usage>, Error> {
    if range.from >= range.to {
        return Err(Error::bad_field("to", Rule::Later("from"), "to must be later than from."));
    }
    let mut parts = Vec::new();
    let mut from = range.from;
    while from < range.to {
        if parts.len() == MAX_INTERVALS {
            let problem = format!("A range has at most {MAX_INTERVALS} days or months.");
            return Err(Error::bad_field("to", Rule::Limit(MAX_INTERVALS), problem));
        }
        let next = by.next(by.start(from.date_naive())).map(|next| next.and_time(NaiveTime::MIN).and_utc());
        let to = next.unwrap_or(range.to).min(range.to);
        parts.push(Usage { range: Range { from, to }, exports: 0, credits: 0 });
        from = to;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn parts(from: &str, to: &str, by: Interval) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let parts = intervals(Range { from: at(from), to: at(to) }, by).unwrap();
        parts.into_iter().map(|part| (part.range.from, part.range.to)).collect()
    }

    #[test]
    fn a_range_is_split_at_midnight_and_at_the_first_of_a_month() {
        let (noon, midnight, end) = ("2026-02-28T12:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01T06:00:00Z");
        for by in [Interval::Day, Interval::Month] {
            assert_eq!(parts(noon, end, by), [(at(noon), at(midnight)), (at(midnight), at(end))]);
            assert_eq!(parts(noon, midnight, by), [(at(noon), at(midnight))]);
        }
        assert_eq!(parts("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", Interval::Day).len(), 366);
        assert_eq!(parts("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", Interval::Month).len(), 12);
    }

    #[test]
    fn a_range_is_neither_empty_nor_too_long() {
        let split = |from: &str, to: &str, by| intervals(Range { from: at(from), to: at(to) }, by);
        let start = "2024-01-01T00:00:00Z";
        assert!(split(start, start, Interval::Day).is_err());
        assert!(split(start, "2023-12-31T23:59:59Z", Interval::Month).is_err());
        assert!(split(start, "2025-01-01T00:00:00.001Z", Interval::Day).is_err());
        assert!(split(start, "2054-07-01T00:00:00Z", Interval::Month).is_ok());
        assert!(split(start, "2054-07-01T00:00:01Z", Interval::Month).is_err());
        let ages = Range { from: DateTime::<Utc>::MIN_UTC, to: DateTime::<Utc>::MAX_UTC };
        assert!(intervals(ages, Interval::Day).is_err());
        let last = Range { from: DateTime::<Utc>::MAX_UTC - chrono::TimeDelta::days(3), to: DateTime::<Utc>::MAX_UTC };
        assert_eq!(intervals(last, Interval::Month).unwrap().last().unwrap().range.to, last.to);
    }

    proptest! {
        #[test]
        fn the_intervals_cover_the_range_without_gaps(start in 0_i64..4_000_000_000, length in 1_i64..30_000_000) {
            let from = DateTime::from_timestamp(start, 0).unwrap();
            let range = Range { from, to: DateTime::from_timestamp(start + length, 0).unwrap() };
            for by in [Interval::Day, Interval::Month] {
                let parts = intervals(range, by).unwrap();
                prop_assert_eq!(parts[0].range.from, range.from);
                prop_assert_eq!(parts.last().unwrap().range.to, range.to);
                prop_assert!(parts.windows(2).all(|pair| pair[0].range.to == pair[1].range.from));
                prop_assert!(parts.iter().all(|part| part.range.from < part.range.to));
            }
        }
    }
}
