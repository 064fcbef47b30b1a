//! An API call as the handlers see it.

use crate::{
    api::{form::Params, list::Query},
    store::{kind::Kind, problem::Answer, work::Work},
};

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
