//! An API call, as handlers receive it.

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
    /// Returns the first id in the path; empty if the path has none.
    pub(crate) fn id(&self) -> String {
        self.ids.first().cloned().unwrap_or_default()
    }

    /// Returns the object that the path names.
    pub(crate) fn retrieve(&mut self, kind: Kind) -> Answer {
        self.params.finish()?;
        self.work.state.named(kind, &self.id())
    }

    /// Lists objects. Each filter is a parameter and the JSON pointer of the field that must equal it.
    pub(crate) fn list(&mut self, kind: Kind, filters: &[(&str, &'static str)]) -> Answer {
        let query = Query::read(&mut self.params, filters)?;
        self.params.finish()?;
        query.answer(self.work.state, kind, |_| true)
    }
}
