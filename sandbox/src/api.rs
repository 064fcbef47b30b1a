//! Parses requests and renders lists, for all calls of the API.

pub(crate) mod call;
pub(crate) mod form;
pub(crate) mod list;
pub(crate) mod metadata;
