//! The whole state of the sandbox.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::{
    collection::Collection,
    idempotency::Keys,
    kind::Kind,
    order::Order,
    outbox::Outbox,
    problem::Problem,
    rng::Rng,
    settings::{AfterRetries, Tax, WebhookSettings},
    timers::Timers,
};

/// The format of the state file. A file with another number is refused.
const FORMAT: u32 = 3;

/// The whole state, in memory behind one lock. It is written to the state file as a whole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    format: u32,
    pub(crate) clock_offset_seconds: i64,
    collections: BTreeMap<Kind, Collection>,
    /// The content of each checkout session, by session id.
    pub(crate) orders: BTreeMap<String, Order>,
    /// The test number behind each payment method, by payment method.
    pub(crate) card_numbers: BTreeMap<String, String>,
    pub(crate) rng: Rng,
    /// The number of next payments that fail regardless of the card, by subscription.
    pub(crate) failing: BTreeMap<String, u32>,
    /// All lines of each invoice; the invoice itself shows the first ten.
    pub(crate) invoice_lines: BTreeMap<String, Vec<Value>>,
    /// Ids of objects that belong to another account: calls do not find them.
    foreign: BTreeSet<String>,
    /// Prorations that wait for the next invoice, by subscription.
    pub(crate) pending_lines: BTreeMap<String, Vec<Value>>,
    pub(crate) after_retries: AfterRetries,
    #[serde(default)]
    pub(crate) tax: Tax,
    /// The number of next refunds that stay pending.
    pub(crate) refunds_to_hold: u32,
    pub(crate) keys: Keys,
    pub(crate) timers: Timers,
    pub(crate) outbox: Outbox,
    /// Secrets of the webhook endpoints that were created through the API, by endpoint.
    pub(crate) endpoint_secrets: BTreeMap<String, String>,
    #[serde(skip)]
    pub(crate) webhooks: WebhookSettings,
    /// Base URL of the hosted pages, such as `http://127.0.0.1:12111`.
    #[serde(skip)]
    pub(crate) base_url: String,
}

impl State {
    /// Returns a new account without any objects.
    pub(crate) fn new() -> State {
        State {
            format: FORMAT,
            clock_offset_seconds: 0,
            collections: BTreeMap::new(),
            orders: BTreeMap::new(),
            card_numbers: BTreeMap::new(),
            rng: Rng::default(),
            failing: BTreeMap::new(),
            invoice_lines: BTreeMap::new(),
            foreign: BTreeSet::new(),
            pending_lines: BTreeMap::new(),
            after_retries: AfterRetries::default(),
            tax: Tax::default(),
            refunds_to_hold: 0,
            keys: Keys::default(),
            timers: Timers::default(),
            outbox: Outbox::default(),
            endpoint_secrets: BTreeMap::new(),
            webhooks: WebhookSettings::default(),
            base_url: String::new(),
        }
    }

    /// Parses the content of a state file; `None` if it has another format.
    pub(crate) fn read(json: &[u8]) -> serde_json::Result<Option<State>> {
        let state: State = serde_json::from_slice(json)?;
        Ok((state.format == FORMAT).then_some(state))
    }

    pub(crate) fn collection(&self, kind: Kind) -> Option<&Collection> {
        self.collections.get(&kind)
    }

    pub(crate) fn collection_mut(&mut self, kind: Kind) -> &mut Collection {
        self.collections.entry(kind).or_default()
    }

    /// Iterates over the objects of a kind, oldest first.
    pub(crate) fn all(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Value> {
        self.collection(kind).into_iter().flat_map(Collection::iter)
    }

    pub(crate) fn put(&mut self, kind: Kind, object: Value) {
        self.collection_mut(kind).put(object);
    }

    pub(crate) fn find(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.collection(kind)?.get(id)
    }

    /// Returns a copy of the object that the path names.
    pub(crate) fn named(&self, kind: Kind, id: &str) -> Result<Value, Problem> {
        let found = self.find(kind, id).filter(|object| !self.is_foreign(object));
        found.cloned().ok_or_else(|| Problem::no_such(kind, id))
    }

    /// Returns a copy of an object that a parameter names, which must exist and not be deleted.
    pub(crate) fn named_in(&self, param: &str, kind: Kind, id: &str) -> Result<Value, Problem> {
        let own = |object: &&Value| object["deleted"] != true && !self.is_foreign(object);
        let found = self.find(kind, id).filter(own);
        found.cloned().ok_or_else(|| Problem::no_such_in(param, kind, id))
    }

    /// Moves an object to another account. The objects of a customer move with the customer.
    pub(crate) fn disown(&mut self, id: &str) {
        self.foreign.insert(id.to_owned());
    }

    /// Returns `true` for an object of another account.
    pub(crate) fn is_foreign(&self, object: &Value) -> bool {
        let named = |field: &Value| field.as_str().is_some_and(|id| self.foreign.contains(id));
        !self.foreign.is_empty()
            && [&object["id"], &object["customer"], &object["invoice"], &object["data"]["object"]["customer"]]
                .into_iter()
                .any(named)
    }

    /// Sets the base URL, also in the page URLs of open sessions.
    pub(crate) fn move_to(&mut self, base_url: String) {
        self.base_url = base_url;
        for session in self.collections.entry(Kind::Session).or_default().iter_mut() {
            if session["status"] == "open" {
                session["url"] = page_url(&self.base_url, session["id"].as_str().unwrap_or_default()).into();
            }
        }
    }
}

/// Returns the URL of a session's hosted page.
pub(crate) fn page_url(base_url: &str, session: &str) -> String {
    format!("{base_url}/pay/{session}")
}
