//! What came of a run.

use std::fmt;

use crate::error::Error;

/// What was found of one noun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of what, in the plural.
    pub noun: &'static str,
    /// How many of ours were looked at.
    pub looked_at: usize,
    /// How many of those were not here as Stripe has them.
    pub missing: usize,
    /// How many of those are now.
    pub repaired: usize,
    /// How many could not be settled.
    pub failed: usize,
    /// Why not all were looked at, where that is so.
    pub broken_off: Option<String>,
}

impl Line {
    pub(super) const fn of(noun: &'static str) -> Self {
        Self { noun, looked_at: 0, missing: 0, repaired: 0, failed: 0, broken_off: None }
    }

    /// Remembers how a look at this noun ended.
    pub(super) fn end(&mut self, looked: Result<(), Error>) {
        if let Err(error) = looked {
            tracing::warn!(noun = self.noun, %error, "reconciliation was broken off");
            self.broken_off = Some(error.to_string());
        }
    }
}

/// What was found of every noun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(Vec<Line>);

impl Report {
    pub(super) fn add(&mut self, line: Line) {
        self.0.push(line);
    }

    /// What was found, noun by noun.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// How many were repaired.
    #[must_use]
    pub fn repaired(&self) -> usize {
        self.0.iter().map(|line| line.repaired).sum()
    }

    /// Nothing was missing.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.0.iter().all(|line| line.missing == 0) && self.whole()
    }

    /// Everything was looked at, and nothing that was missing could not be repaired.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.0.iter().all(|line| line.failed == 0 && line.broken_off.is_none())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:14} {:>10} {:>8} {:>8} {:>7}", "noun", "looked at", "missing", "repaired", "failed")?;
        for line in &self.0 {
            let Line { noun, looked_at, missing, repaired, failed, broken_off } = line;
            write!(f, "{noun:14} {looked_at:>10} {missing:>8} {repaired:>8} {failed:>7}")?;
            match broken_off {
                Some(reason) => writeln!(f, "  broken off: {reason}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
