//! The result of a run.

use std::fmt;

use crate::error::Error;

/// The findings about one noun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The noun, in the plural.
    pub noun: &'static str,
    /// The number of objects of ours that were looked at.
    pub looked_at: usize,
    /// The number of those that were not stored as Stripe has them.
    pub missing: usize,
    /// The number of those that were corrected.
    pub repaired: usize,
    /// The number of those that could not be applied.
    pub failed: usize,
    /// The reason why not all were looked at, if some were not.
    pub broken_off: Option<String>,
    /// The number of objects in a row for which Stripe did not answer.
    pub(super) unreachable: u32,
}

impl Line {
    pub(super) const fn of(noun: &'static str) -> Self {
        Self { noun, looked_at: 0, missing: 0, repaired: 0, failed: 0, broken_off: None, unreachable: 0 }
    }

    /// Records how the comparison of this noun ended.
    pub(super) fn end(&mut self, looked: Result<(), Error>) {
        if let Err(error) = looked {
            tracing::warn!(noun = self.noun, %error, "reconciliation was broken off");
            self.broken_off = Some(error.to_string());
        }
    }
}

/// The findings about every noun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(Vec<Line>);

impl Report {
    pub(super) fn add(&mut self, line: Line) {
        self.0.push(line);
    }

    /// The findings, noun by noun.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// The number of objects that were corrected.
    #[must_use]
    pub fn repaired(&self) -> usize {
        self.0.iter().map(|line| line.repaired).sum()
    }

    /// Nothing was missing.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.0.iter().all(|line| line.missing == 0) && self.whole()
    }

    /// Everything was looked at, and everything that was missing was corrected.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.0.iter().all(|line| line.failed == 0 && line.broken_off.is_none())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:14} {:>10} {:>8} {:>8} {:>7}", "noun", "looked at", "missing", "repaired", "failed")?;
        for line in &self.0 {
            let Line { noun, looked_at, missing, repaired, failed, broken_off, .. } = line;
            write!(f, "{noun:14} {looked_at:>10} {missing:>8} {repaired:>8} {failed:>7}")?;
            match broken_off {
                Some(reason) => writeln!(f, "  broken off: {reason}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
