//! Reading requests and writing lists, as all calls of the API do.

pub(crate) mod call;
pub(crate) mod form;
pub(crate) mod list;
pub(crate) mod metadata;
