//! An API call as the handlers see it.

use serde_json::Value;

use crate::{form::Params, kind::Kind, list::Query, problem::Problem, work::Work};

/// The object that a call answers with, or the refusal.
pub(crate) type Answer = Result<Value, Problem>;

/// One call: the state to act on, the parameters, and the ids in its path.
pub(crate) struct Call<'a> {
    pub(crate) work: Work<'a>,
    pub(crate) params: Params,
    pub(crate) ids: Vec<String>,
}

impl Call<'_> {
    /// The id in the path.
    pub(crate) fn id(&self) -> String {
        self.ids.first().cloned().unwrap_or_default()
    }

    /// Answers with the object that the path names.
    pub(crate) fn retrieve(&mut self, kind: Kind) -> Answer {
        self.params.finish()?;
        self.work.state.named(kind, &self.id())
    }

    /// Lists objects by filters, each a parameter with the JSON pointer it is compared with.
    pub(crate) fn list(&mut self, kind: Kind, filters: &[(&str, &'static str)]) -> Answer {
        let query = Query::read(&mut self.params, filters)?;
        self.params.finish()?;
        query.answer(self.work.state, kind, |_| true)
    }
}
