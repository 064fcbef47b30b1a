//! The size and the price of a top-up.

use chrono::{DateTime, Datelike, Months, NaiveTime, Utc};

use crate::billing::payment::{MIN_AMOUNT, UNIT_PRICE};

/// The credits of a top-up, and their price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Purchase {
    pub(super) credits: i64,
    /// Cents (USD).
    pub(super) amount: i64,
}

/// The price of credits, which is that of a pack. Cents (USD).
pub(super) const fn price(credits: i64) -> i64 {
    let amount = credits.saturating_mul(UNIT_PRICE);
    if amount < MIN_AMOUNT { MIN_AMOUNT } else { amount }
}

/// The purchase that closes a gap in one charge: as many times `credits` as that takes, or as the rest of the cap pays for.
/// `None` where the rest does not even pay for one.
pub(super) fn purchase(gap: i64, credits: i64, rest: i64) -> Option<Purchase> {
    let wanted = gap.max(1).checked_add(credits - 1)? / credits;
    let affordable = rest / credits.checked_mul(UNIT_PRICE)?;
    let credits = credits.checked_mul(wanted.min(affordable.max(1)))?;
    let amount = price(credits);
    (amount <= rest).then_some(Purchase { credits, amount })
}

/// The calendar month (UTC) of a time, against whose cap a top-up counts.
pub(super) fn month(at: DateTime<Utc>) -> String {
    at.format("%Y-%m").to_string()
}

/// The beginning of the calendar month (UTC) after a time.
pub(super) fn next_month(at: DateTime<Utc>) -> DateTime<Utc> {
    let first = at.date_naive().with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    first.map_or(DateTime::<Utc>::MAX_UTC, |first| first.and_time(NaiveTime::MIN).and_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bought(gap: i64, credits: i64, rest: i64) -> Option<(i64, i64)> {
        purchase(gap, credits, rest).map(|purchase| (purchase.credits, purchase.amount))
    }

    #[test]
    fn a_gap_is_closed_in_one_charge() {
        assert_eq!(bought(1, 25, 100_000), Some((25, 500)));
        assert_eq!(bought(25, 25, 100_000), Some((25, 500)));
        assert_eq!(bought(26, 25, 100_000), Some((50, 1000)));
        assert_eq!(bought(1000, 30, 100_000), Some((1020, 20_400)));
    }

    #[test]
    fn a_small_top_up_costs_the_least_price() {
        assert_eq!(bought(1, 1, 500), Some((1, 500)));
        assert_eq!(bought(10, 1, 500), Some((10, 500)));
        assert_eq!(bought(10, 1, 499), None);
    }

    #[test]
    fn the_rest_of_the_cap_limits_the_charge() {
        assert_eq!(bought(100, 25, 1499), Some((50, 1000)));
        assert_eq!(bought(100, 25, 499), None);
        assert_eq!(bought(100, 25, 0), None);
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(month(at("2026-11-30T23:59:59Z")), "2026-11");
        assert_eq!(next_month(at("2026-11-30T23:59:59Z")), at("2026-12-01T00:00:00Z"));
        assert_eq!(next_month(at("2026-12-01T00:00:00Z")), at("2027-01-01T00:00:00Z"));
        assert_eq!(next_month(at("2027-01-31T12:00:00Z")), at("2027-02-01T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn nothing_costs_more_than_the_rest_of_the_cap(gap in 1_i64..20_000, credits in 1_i64..=1000, rest in 0_i64..1_100_000) {
            if let Some(Purchase { credits: bought, amount }) = purchase(gap, credits, rest) {
                prop_assert!(amount <= rest && amount == price(bought) && bought % credits == 0);
                prop_assert!(bought >= gap || price(bought + credits) > rest, "{bought} of {gap}");
            } else {
                prop_assert!(price(credits) > rest);
            }
        }
    }
}
