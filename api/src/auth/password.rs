//! Passwords: bcrypt, off the threads that serve requests. A wrong password takes the same time for every stored hash: one
//! of a lower cost, one of another algorithm, or none because no user has this email. So the time does not show which
//! emails are known.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Rule};

/// Minimum length of a password in bytes. Shorter ones are guessed.
pub const MIN_BYTES: usize = 8;

/// Maximum length of a password in bytes. bcrypt reads no further, so two longer passwords could be equal.
pub const MAX_BYTES: usize = 72;

/// The highest cost of a stored hash that is checked. One that takes longer counts as a hash of another kind.
pub const MAX_COST: u32 = 16;

/// The lowest cost that bcrypt allows.
const MIN_COST: u32 = 4;

/// The cost that every wrong password takes: the highest of the configured one and all that are stored.
#[derive(Debug)]
pub struct PasswordCost {
    configured: u32,
    highest: AtomicU32,
}

/// The result of checking a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordCheck {
    /// True if the password is right.
    pub right: bool,
    /// A hash of the configured cost, if the password is right and its stored hash has another cost.
    pub renewed: Option<String>,
}

impl PasswordCost {
    /// Starts with the configured cost.
    #[must_use]
    pub const fn new(configured: u32) -> Self {
        Self { configured, highest: AtomicU32::new(0) }
    }

    /// Returns true if the highest stored cost was never looked up.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.highest.load(Ordering::Relaxed) == 0
    }

    /// Records the cost of a stored hash. Costs that are not checked are ignored.
    pub fn observe(&self, stored: u32) {
        let stored = if stored <= MAX_COST { stored } else { 0 };
        self.highest.fetch_max(stored.max(self.configured), Ordering::Relaxed);
    }

    fn highest(&self) -> u32 {
        self.highest.load(Ordering::Relaxed).max(self.configured)
    }
}

/// Checks the length of a new password, given as the argument `field`.
///
/// # Errors
/// [`Error::BadInput`].
pub fn check(field: &str, password: &str) -> Result<(), Error> {
    if !(MIN_BYTES..=MAX_BYTES).contains(&password.len()) {
        let rule = Rule::Length { min: MIN_BYTES, max: MAX_BYTES };
        return Err(Error::bad_field(field, rule, format!("{field} must have {MIN_BYTES} to {MAX_BYTES} bytes.")));
    }
    if password.contains('\0') {
        return Err(Error::bad_field(field, Rule::Characters, format!("{field} must not contain null characters.")));
    }
    Ok(())
}

/// Hashes a new password. `turn` is dropped when the work is done.
///
/// # Errors
/// None in practice.
pub async fn hash(turn: impl Send + 'static, password: String, cost: &PasswordCost) -> Result<String, Error> {
    let cost = cost.configured;
    blocking(turn, move || bcrypt::hash(password, cost)).await
}

/// Compares a password with a stored hash. `turn` is dropped when the work is done. Characters that bcrypt would not read
/// count too: a correct password followed by more is wrong.
///
/// # Errors
/// None in practice.
pub async fn verify(
    turn: impl Send + 'static,
    password: String,
    hash: Option<String>,
    cost: &PasswordCost,
) -> Result<PasswordCheck, Error> {
    let stored = hash.as_deref().and_then(stored_cost);
    if let Some(stored) = stored {
        cost.observe(stored);
    }
    let (configured, highest) = (cost.configured, cost.highest());
    blocking(turn, move || {
        let whole = password.len() <= MAX_BYTES && !password.contains('\0');
        let (Some(hash), Some(stored)) = (hash, stored) else {
            bcrypt::hash(password, highest)?;
            return Ok(PasswordCheck { right: false, renewed: None });
        };
        if !(bcrypt::verify(&password, &hash)? && whole) {
            spend(stored, highest)?;
            return Ok(PasswordCheck { right: false, renewed: None });
        }
        let renewed = (stored != configured).then(|| bcrypt::hash(password, configured)).transpose()?;
        Ok(PasswordCheck { right: true, renewed })
    })
    .await
}

/// Takes the time by which a hash of cost `highest` takes longer than one of cost `from`. Each step of the cost doubles the
/// work, so one hash of every cost from `from` up to `highest` is exactly the difference.
fn spend(from: u32, highest: u32) -> Result<(), bcrypt::BcryptError> {
    (from.max(MIN_COST)..highest).try_for_each(|cost| bcrypt::hash("", cost).map(drop))
}

/// The cost of a bcrypt hash that can be checked.
fn stored_cost(hash: &str) -> Option<u32> {
    let parts: bcrypt::HashParts = hash.parse().ok()?;
    (MIN_COST..=MAX_COST).contains(&parts.get_cost()).then(|| parts.get_cost())
}

async fn blocking<T: Send + 'static>(
    turn: impl Send + 'static,
    work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
) -> Result<T, Error> {
    // The turn ends with the work, also when nobody waits for its result any more.
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?;
    done.map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse";

    async fn verified(password: &str, hash: Option<&str>, cost: &PasswordCost) -> PasswordCheck {
        verify((), password.to_owned(), hash.map(ToOwned::to_owned), cost).await.unwrap()
    }

    #[tokio::test]
    async fn a_right_password_renews_a_hash_of_another_cost() {
        let cost = PasswordCost::new(5);
        for stored in [4, 6] {
            let old = bcrypt::hash(PASSWORD, stored).unwrap();
            let check = verified(PASSWORD, Some(&old), &cost).await;
            let new = check.renewed.expect("the hash is renewed");
            assert!(check.right && stored_cost(&new) == Some(5));
            assert_eq!(verified(PASSWORD, Some(&new), &cost).await, PasswordCheck { right: true, renewed: None });
            assert!(!verified("wrong", Some(&old), &cost).await.right);
        }
    }

    #[tokio::test]
    async fn hashes_of_other_kinds_match_nothing() {
        let cost = PasswordCost::new(4);
        for other in ["", "x", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "$2b$31$abcdefghijklmnopqrstuu"] {
            assert!(!verified(PASSWORD, Some(other), &cost).await.right, "{other}");
        }
        assert!(!verified(PASSWORD, None, &cost).await.right);
    }

    #[test]
    fn wrong_passwords_take_the_highest_cost_that_is_stored() {
        let cost = PasswordCost::new(10);
        assert!(cost.is_unknown());
        cost.observe(8);
        assert!(!cost.is_unknown());
        assert_eq!(cost.highest(), 10);
        cost.observe(12);
        assert_eq!(cost.highest(), 12);
        cost.observe(MAX_COST + 1);
        assert_eq!(cost.highest(), 12);
    }
}
