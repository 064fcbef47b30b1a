//! The handlers of the API, one file per resource of Stripe, and the actions of the control interface and the dashboard.

pub(crate) mod actions;
pub(crate) mod cancellation;
pub(crate) mod checkout_session;
pub(crate) mod coupon;
pub(crate) mod credit_note;
pub(crate) mod customer;
pub(crate) mod dispute;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod expand;
pub(crate) mod invoice;
pub(crate) mod invoice_item;
pub(crate) mod invoice_payment;
pub(crate) mod invoice_preview;
pub(crate) mod payment_method;
pub(crate) mod payment_method_configuration;
pub(crate) mod portal;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod promotion_code;
pub(crate) mod refund;
pub(crate) mod schedule;
pub(crate) mod subscription;
pub(crate) mod subscription_data;
pub(crate) mod tax_settings;
pub(crate) mod test_clock;
