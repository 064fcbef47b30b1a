//! The documents, and the code that each is refused with. Most are as large as a body may be.

mod crowds;
mod inputs;
mod shapes;
mod texts;

use serde_json::{Value, json};

/// What somebody sends who means ill.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) query: String,
    pub(super) variables: Value,
    pub(super) code: &'static str,
}

impl Attack {
    fn new(name: &'static str, code: &'static str, query: impl Into<String>) -> Self {
        Self { name, query: query.into(), variables: json!({}), code }
    }

    fn with(mut self, variables: Value) -> Self {
        self.variables = variables;
        self
    }

    pub(super) fn body(&self) -> String {
        json!({ "query": self.query, "variables": self.variables }).to_string()
    }
}

pub(super) fn attacks() -> Vec<Attack> {
    [shapes::attacks(), crowds::attacks(), texts::attacks(), inputs::attacks()].into_iter().flatten().collect()
}

/// What `text` says of every number under `count`, in one string.
fn numbered(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}
