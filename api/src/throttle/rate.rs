//! A rate, in the form of a setting.

use std::{num::NonZeroU32, str::FromStr, time::Duration};

/// A number per unit of time: `10/s`, `600/min`, `1000/h`. All of them may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The number.
    pub count: NonZeroU32,
    /// The unit of time.
    pub per: Duration,
}

impl Rate {
    /// Creates a rate per minute. 0 counts as 1.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self::per(count, Duration::from_mins(1))
    }

    /// Creates a rate per hour. 0 counts as 1.
    #[must_use]
    pub const fn per_hour(count: u32) -> Self {
        Self::per(count, Duration::from_hours(1))
    }

    const fn per(count: u32, per: Duration) -> Self {
        let count = match NonZeroU32::new(count) {
            Some(count) => count,
            None => NonZeroU32::MIN,
        };
        Self { count, per }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no rate: write a number and /s, /min or /h, such as 600/min");
        let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
        let per = match unit {
            "s" => Duration::from_secs(1),
            "min" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return Err(wrong()),
        };
        Ok(Self { count: count.parse().map_err(|_| wrong())?, per })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        assert_eq!("600/min".parse(), Ok(Rate::per_minute(600)));
        assert_eq!("7/s".parse::<Rate>().unwrap().per, Duration::from_secs(1));
        for wrong in ["", "600", "/s", "0/s", "-1/s", "1.5/s", "1/d", "1 / s", "99999999999/s", "off"] {
            assert!(wrong.parse::<Rate>().unwrap_err().contains("600/min"), "{wrong:?}");
        }
    }
}
