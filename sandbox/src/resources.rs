//! Stripe's objects, one file each: their creation, their changes and their JSON.

pub(crate) mod api_version;
pub(crate) mod card;
pub(crate) mod charge;
pub(crate) mod checkout_session;
pub(crate) mod coupon;
pub(crate) mod customer;
pub(crate) mod discount;
pub(crate) mod dispute;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod invoice;
pub(crate) mod invoice_item;
pub(crate) mod invoice_line;
pub(crate) mod invoice_payment;
pub(crate) mod line_item;
pub(crate) mod payment_intent;
pub(crate) mod payment_method_type;
pub(crate) mod portal;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod promotion_code;
pub(crate) mod refund;
pub(crate) mod schedule;
pub(crate) mod subscription;
pub(crate) mod tax;
