//! Exports and the credits spent on them, by time.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{
    app::App,
    error::{Error, Rule},
    ledger,
};

/// The largest number of intervals that are counted at once: the days of a leap year.
pub const MAX_INTERVALS: usize = 366;

/// The quarters of an hour in a day. Clocks are set by whole ones.
const QUARTERS_OF_A_DAY: i64 = 96;

/// The length of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// A day.
    Day,
    /// A calendar month.
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

/// The calendar by which a range is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The length of an interval.
    pub by: Interval,
    /// The time zone in which days and months begin.
    pub zone: Tz,
}

impl Calendar {
    /// The calendar of a time zone, by its name in the database of the IANA; UTC without one.
    ///
    /// # Errors
    /// [`Error::BadInput`] if there is no such time zone.
    pub fn new(by: Interval, zone: Option<&str>) -> Result<Self, Error> {
        let unknown = || {
            let message = "timeZone must be the name of an IANA time zone, such as Europe/Berlin.";
            Error::bad_field("timeZone", Rule::Format("TIME_ZONE"), message)
        };
        let zone = zone.map_or(Ok(Tz::UTC), |name| name.parse().map_err(|_| unknown()))?;
        Ok(Self { by, zone })
    }

    /// The first day of the interval that contains a time.
    fn first_day(self, at: DateTime<Utc>) -> NaiveDate {
        let day = at.with_timezone(&self.zone).date_naive();
        match self.by {
            Interval::Day => day,
            Interval::Month => day.with_day(1).unwrap_or(day),
        }
    }

    /// The first day of the next interval. `None` at the end of the calendar.
    fn next(self, first_day: NaiveDate) -> Option<NaiveDate> {
        match self.by {
            Interval::Day => first_day.checked_add_days(Days::new(1)),
            Interval::Month => first_day.checked_add_months(Months::new(1)),
        }
    }

    /// The beginning of a day. Where clocks are set back at midnight, it is the earlier one; where they are set forward, and where
    /// a day is left out, it is the first time after. `None` at the end of the calendar.
    fn start(self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let midnight = day.and_time(NaiveTime::MIN);
        (0..=QUARTERS_OF_A_DAY).find_map(|quarters| {
            let local = midnight.checked_add_signed(TimeDelta::minutes(15 * quarters))?;
            self.zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
        })
    }
}

/// Counts a user's exports in each interval of a range, oldest first. The intervals follow each other without gaps.
///
/// # Errors
/// [`Error::BadInput`] for a range that is empty or has more than [`MAX_INTERVALS`] intervals; the database's.
pub async fn usage(app: &App, user_id: i64, range: Range, calendar: Calendar) -> Result<Vec<Usage>, Error> {
    let mut usage = intervals(range, calendar)?;
    let bounds: Vec<_> = usage.iter().map(|part| part.range.from).chain([range.to]).collect();
    for counted in ledger::exports_between(app.database.read(), user_id, &bounds).await? {
        if let Some(part) = usize::try_from(counted.place).ok().and_then(|place| usage.get_mut(place)) {
            (part.exports, part.credits) = (counted.exports, counted.credits);
        }
    }
    Ok(usage)
}

/// Splits a range into intervals without exports.
fn intervals(range: Range, calendar: Calendar) -> Result<Vec<Usage>, Error> {
    if range.from >= range.to {
        return Err(Error::bad_field("to", Rule::Later("from"), "to must be later than from."));
    }
    let (mut parts, mut from) = (Vec::new(), range.from);
    let mut day = Some(calendar.first_day(range.from));
    while from < range.to {
        if parts.len() == MAX_INTERVALS {
            let problem = format!("A range has at most {MAX_INTERVALS} days or months.");
            return Err(Error::bad_field("to", Rule::Limit(MAX_INTERVALS), problem));
        }
        day = day.and_then(|day| calendar.next(day));
        let to = day.and_then(|day| calendar.start(day)).unwrap_or(range.to).min(range.to);
        // A day that a time zone left out has no interval.
        if to > from {
            parts.push(Usage { range: Range { from, to }, exports: 0, credits: 0 });
            from = to;
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn calendar(by: Interval, zone: &str) -> Calendar {
        Calendar::new(by, Some(zone)).unwrap()
    }

    const UTC_DAYS: Calendar = Calendar { by: Interval::Day, zone: Tz::UTC };

    const UTC_MONTHS: Calendar = Calendar { by: Interval::Month, zone: Tz::UTC };

    fn parts(from: &str, to: &str, calendar: Calendar) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let parts = intervals(Range { from: at(from), to: at(to) }, calendar).unwrap();
        parts.into_iter().map(|part| (part.range.from, part.range.to)).collect()
    }

    #[test]
    fn a_range_is_split_at_midnight_and_at_the_first_of_a_month() {
        let (noon, midnight, end) = ("2026-02-28T12:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01T06:00:00Z");
        for calendar in [UTC_DAYS, UTC_MONTHS] {
            assert_eq!(parts(noon, end, calendar), [(at(noon), at(midnight)), (at(midnight), at(end))]);
            assert_eq!(parts(noon, midnight, calendar), [(at(noon), at(midnight))]);
        }
        assert_eq!(parts("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", UTC_DAYS).len(), 366);
        assert_eq!(parts("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", UTC_MONTHS).len(), 12);
    }

    #[test]
    fn days_begin_in_their_time_zone_whatever_the_clocks_do() {
        for (zone, bounds) in [
            // An hour is left out at two, and an hour comes twice at three.
            ("Europe/Berlin", ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"]),
            ("Europe/Berlin", ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"]),
            ("Asia/Kathmandu", ["2026-02-27T18:15:00Z", "2026-02-28T18:15:00Z", "2026-03-01T18:15:00Z"]),
            // The day begins at one, since there is no midnight.
            ("Africa/Cairo", ["2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"]),
            // Midnight comes twice.
            ("America/Havana", ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", "2026-11-03T05:00:00Z"]),
            // A whole day is left out.
            ("Pacific/Apia", ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"]),
        ] {
            let expected = [(at(bounds[0]), at(bounds[1])), (at(bounds[1]), at(bounds[2]))];
            assert_eq!(parts(bounds[0], bounds[2], calendar(Interval::Day, zone)), expected, "{zone}");
        }
        let (march, april) = ("2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z");
        let months = parts(march, "2026-04-30T00:00:00Z", calendar(Interval::Month, "America/New_York"));
        assert_eq!(months, [(at(march), at(april)), (at(april), at("2026-04-30T00:00:00Z"))]);
    }

    #[test]
    fn a_time_zone_has_a_name_of_the_iana() {
        for name in ["UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Calcutta"] {
            assert!(Calendar::new(Interval::Day, Some(name)).is_ok(), "{name}");
        }
        for name in ["", "Berlin", "+02:00", "europe/berlin", "Mars/Olympus", "Europe/Berlin\0"] {
            assert!(Calendar::new(Interval::Day, Some(name)).is_err(), "{name}");
        }
        assert_eq!(Calendar::new(Interval::Day, None).unwrap(), UTC_DAYS);
    }

    #[test]
    fn a_range_is_neither_empty_nor_too_long() {
        let split = |from: &str, to: &str, calendar| intervals(Range { from: at(from), to: at(to) }, calendar);
        let start = "2024-01-01T00:00:00Z";
        assert!(split(start, start, UTC_DAYS).is_err());
        assert!(split(start, "2023-12-31T23:59:59Z", UTC_MONTHS).is_err());
        assert!(split(start, "2025-01-01T00:00:00.001Z", UTC_DAYS).is_err());
        assert!(split(start, "2054-07-01T00:00:00Z", UTC_MONTHS).is_ok());
        assert!(split(start, "2054-07-01T00:00:01Z", UTC_MONTHS).is_err());
        let ages = Range { from: DateTime::<Utc>::MIN_UTC, to: DateTime::<Utc>::MAX_UTC };
        assert!(intervals(ages, UTC_DAYS).is_err());
        let last = Range { from: DateTime::<Utc>::MAX_UTC - TimeDelta::days(3), to: DateTime::<Utc>::MAX_UTC };
        assert_eq!(intervals(last, UTC_MONTHS).unwrap().last().unwrap().range.to, last.to);
    }

    proptest! {
        #[test]
        fn the_intervals_cover_the_range_without_gaps(
            start in 0_i64..4_000_000_000,
            length in 1_i64..30_000_000,
            zone in select(vec!["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo"]),
        ) {
            let from = DateTime::from_timestamp(start, 0).unwrap();
            let range = Range { from, to: DateTime::from_timestamp(start + length, 0).unwrap() };
            for by in [Interval::Day, Interval::Month] {
                let calendar = calendar(by, zone);
                let parts = intervals(range, calendar).unwrap();
                prop_assert_eq!(parts[0].range.from, range.from);
                prop_assert_eq!(parts.last().unwrap().range.to, range.to);
                prop_assert!(parts.windows(2).all(|pair| pair[0].range.to == pair[1].range.from));
                prop_assert!(parts.iter().all(|part| part.range.from < part.range.to));
                for part in &parts[1..] {
                    let (first, before) = (part.range.from, part.range.from - TimeDelta::seconds(1));
                    prop_assert_ne!(calendar.first_day(first), calendar.first_day(before));
                }
            }
        }
    }
}
