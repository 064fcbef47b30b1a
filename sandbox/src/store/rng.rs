//! Random numbers. Only this file reads randomness from the machine.

use std::cell::Cell;

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The source of randomness. With a seed it gives the same sequence in every run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rng {
    seed: Option<u64>,
    /// The count of numbers drawn. It is part of the state, so that a seeded sandbox does not repeat ids after a restart.
    drawn: Cell<u64>,
}

impl Rng {
    pub(crate) fn set_seed(&mut self, seed: Option<u64>) {
        self.seed = seed;
    }

    /// Returns a prefix followed by `length` random letters and digits.
    pub(crate) fn id(&self, prefix: &str, length: usize) -> String {
        let mut id = String::with_capacity(prefix.len() + length);
        id.push_str(prefix);
        id.extend((0..length).map(|_| char::from(ALPHANUMERIC[self.below(ALPHANUMERIC.len())])));
        id
    }

    /// Returns a random number that is less than `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.draw() % bound).unwrap_or_default()
    }

    /// Draws a number: with a seed, from a `SplitMix64` generator.
    fn draw(&self) -> u64 {
        let Some(seed) = self.seed else {
            return rand::rng().random();
        };
        self.drawn.set(self.drawn.get() + 1);
        let mut mixed = seed.wrapping_add(self.drawn.get().wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_none_of_them_twice() {
        let (mut first, mut second) = (Rng::default(), Rng::default());
        first.set_seed(Some(7));
        second.set_seed(Some(7));
        let ids: Vec<String> = (0..3).map(|_| first.id("x_", 24)).collect();
        let same: Vec<String> = (0..3).map(|_| second.id("x_", 24)).collect();
        assert_eq!(ids, same);
        assert_ne!(ids[0], ids[1]);
        assert_ne!(Rng::default().id("", 24), Rng::default().id("", 24));
    }
}
