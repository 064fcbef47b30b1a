//! A ledger as its owner reads it.

use serde_json::Value;

/// A page of the user's own ledger, newest first.
pub(crate) const PAGE: &str = "query ($after: String) { ledger(first: 100, after: $after) { nodes { id version changeType \
    creditsDelta heldDelta balanceAfter reference holdId } pageInfo { hasNextPage endCursor } } }";

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) kind: String,
    pub(crate) delta: i64,
    /// Credits held; negative if a hold ended.
    pub(crate) held: i64,
    pub(crate) balance: i64,
    pub(crate) reference: Option<String>,
    /// The id of the hold that the entry began or ended.
    pub(crate) hold: Option<String>,
}

/// The entries of a page.
pub(crate) fn entries(page: &Value) -> impl Iterator<Item = Entry> {
    page["nodes"].as_array().unwrap().iter().map(Entry::read)
}

impl Entry {
    /// Reads an entry with its id, version, kind, delta and balance; what is not requested of a hold is none.
    pub(crate) fn read(value: &Value) -> Self {
        Self {
            id: value["id"].as_str().unwrap_or_else(|| panic!("not an entry: {value}")).to_owned(),
            version: value["version"].as_i64().unwrap(),
            kind: value["changeType"].as_str().unwrap().to_owned(),
            delta: value["creditsDelta"].as_i64().unwrap(),
            held: value["heldDelta"].as_i64().unwrap_or_default(),
            balance: value["balanceAfter"].as_i64().unwrap(),
            reference: value["reference"].as_str().map(ToOwned::to_owned),
            hold: value["holdId"].as_str().map(ToOwned::to_owned),
        }
    }
}

/// The balance at a version, if the ledger reaches that far.
pub(crate) fn balance_at(ledger: &[Entry], version: i64) -> Option<i64> {
    match usize::try_from(version).ok()? {
        0 => Some(0),
        version => ledger.get(version - 1).map(|entry| entry.balance),
    }
}

/// The credits that were held at a version.
pub(crate) fn held_at(ledger: &[Entry], version: i64) -> i64 {
    ledger.iter().take_while(|entry| entry.version <= version).map(|entry| entry.held).sum()
}
