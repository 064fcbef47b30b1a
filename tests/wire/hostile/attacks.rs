//! The hostile documents, each with the code that refuses it. Most are as large as a body may be.

mod crowds;
mod inputs;
mod shapes;
mod texts;

use serde_json::{Value, json};

/// A request that is made to be expensive.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) query: String,
    pub(super) variables: Value,
    /// The operation that is to run, where there are several.
    pub(super) operation_name: Option<&'static str>,
    pub(super) code: &'static str,
}

impl Attack {
    fn new(name: &'static str, code: &'static str, query: impl Into<String>) -> Self {
        Self { name, query: query.into(), variables: json!({}), operation_name: None, code }
    }

    fn with(mut self, variables: Value) -> Self {
        self.variables = variables;
        self
    }

    fn named(mut self, operation: &'static str) -> Self {
        self.operation_name = Some(operation);
        self
    }

    pub(super) fn body(&self) -> String {
        json!({ "query": self.query, "variables": self.variables, "operationName": self.operation_name }).to_string()
    }
}

pub(super) fn attacks() -> Vec<Attack> {
    [shapes::attacks(), crowds::attacks(), texts::attacks(), inputs::attacks()].into_iter().flatten().collect()
}

/// The text for every number below `count`, in one string.
fn numbered(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}
