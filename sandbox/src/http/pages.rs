//! The hosted pages of checkout sessions, invoices and the customer portal, and the dashboard.
//!
//! Templates are in `templates/` and escape all values. No page needs scripts, and only the dashboard has one.

pub(crate) mod authentication;
pub(crate) mod dashboard;
pub(crate) mod form_fields;
pub(crate) mod frame;
pub(crate) mod invoice;
pub(crate) mod notice;
pub(crate) mod pay;
pub(crate) mod portal;
pub(crate) mod visit;
