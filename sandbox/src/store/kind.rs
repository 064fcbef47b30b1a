//! The kinds of objects, with Stripe's names.

use serde::{Deserialize, Serialize};

use crate::store::rng::Rng;

/// A kind of Stripe object that the sandbox keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Charge,
    Coupon,
    CreditNote,
    Customer,
    Discount,
    Dispute,
    Event,
    Invoice,
    InvoiceItem,
    InvoicePayment,
    PaymentIntent,
    PaymentMethod,
    PaymentMethodConfiguration,
    PortalConfiguration,
    PortalSession,
    Price,
    Product,
    PromotionCode,
    Refund,
    Schedule,
    Session,
    SetupIntent,
    Subscription,
    TestClock,
    WebhookEndpoint,
}

/// Stripe's names of a kind.
struct Names {
    prefix: &'static str,
    object: &'static str,
    path: &'static str,
}

impl Kind {
    /// Kinds that the prefix of an id identifies.
    const WITH_PREFIX: [Kind; 24] = [
        Kind::Charge,
        Kind::CreditNote,
        Kind::Customer,
        Kind::Discount,
        Kind::Dispute,
        Kind::Event,
        Kind::Invoice,
        Kind::InvoiceItem,
        Kind::InvoicePayment,
        Kind::PaymentIntent,
        Kind::PaymentMethod,
        Kind::PaymentMethodConfiguration,
        Kind::PortalConfiguration,
        Kind::PortalSession,
        Kind::Price,
        Kind::Product,
        Kind::PromotionCode,
        Kind::Refund,
        Kind::Schedule,
        Kind::Session,
        Kind::SetupIntent,
        Kind::Subscription,
        Kind::TestClock,
        Kind::WebhookEndpoint,
    ];

    fn names(self) -> Names {
        let (prefix, object, path) = match self {
            Kind::Charge => ("ch_", "charge", "/v1/charges"),
            // The id of a coupon is its code, which the caller may choose.
            Kind::Coupon => ("", "coupon", "/v1/coupons"),
            Kind::CreditNote => ("cn_", "credit_note", "/v1/credit_notes"),
            Kind::Customer => ("cus_", "customer", "/v1/customers"),
            Kind::Discount => ("di_", "discount", ""),
            Kind::Dispute => ("du_", "dispute", "/v1/disputes"),
            Kind::Event => ("evt_", "event", "/v1/events"),
            Kind::Invoice => ("in_", "invoice", "/v1/invoices"),
            Kind::InvoiceItem => ("ii_", "invoiceitem", "/v1/invoiceitems"),
            Kind::InvoicePayment => ("inpay_", "invoice_payment", "/v1/invoice_payments"),
            Kind::PaymentIntent => ("pi_", "payment_intent", "/v1/payment_intents"),
            Kind::PaymentMethod => ("pm_", "payment_method", "/v1/payment_methods"),
            Kind::PaymentMethodConfiguration => {
                ("pmc_", "payment_method_configuration", "/v1/payment_method_configurations")
            }
            Kind::PortalConfiguration => ("bpc_", "billing_portal.configuration", "/v1/billing_portal/configurations"),
            Kind::PortalSession => ("bps_", "billing_portal.session", ""),
            Kind::Price => ("price_", "price", "/v1/prices"),
            Kind::Product => ("prod_", "product", "/v1/products"),
            Kind::PromotionCode => ("promo_", "promotion_code", "/v1/promotion_codes"),
            Kind::Refund => ("re_", "refund", "/v1/refunds"),
            Kind::Schedule => ("sub_sched_", "subscription_schedule", "/v1/subscription_schedules"),
            Kind::Session => ("cs_test_", "checkout.session", "/v1/checkout/sessions"),
            Kind::SetupIntent => ("seti_", "setup_intent", "/v1/setup_intents"),
            Kind::Subscription => ("sub_", "subscription", "/v1/subscriptions"),
            Kind::TestClock => ("clock_", "test_helpers.test_clock", "/v1/test_helpers/test_clocks"),
            Kind::WebhookEndpoint => ("we_", "webhook_endpoint", "/v1/webhook_endpoints"),
        };
        Names { prefix, object, path }
    }

    /// Returns a new id of the same length as Stripe's.
    pub(crate) fn new_id(self, rng: &Rng) -> String {
        let length = match self {
            Kind::Coupon => 8,
            Kind::Customer | Kind::Product => 14,
            Kind::Session => 58,
            _ => 24,
        };
        rng.id(self.names().prefix, length)
    }

    /// Returns the value of `object`, which error messages contain too.
    pub(crate) fn object(self) -> &'static str {
        self.names().object
    }

    /// Returns the path of the list of the kind's objects.
    pub(crate) fn path(self) -> &'static str {
        self.names().path
    }

    /// Returns the kind of an id, by its prefix.
    pub(crate) fn of(id: &str) -> Option<Kind> {
        Kind::WITH_PREFIX.into_iter().find(|kind| id.starts_with(kind.names().prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_with_a_common_prefix_are_distinguished() {
        assert_eq!(Kind::of("inpay_1"), Some(Kind::InvoicePayment));
        assert_eq!(Kind::of("in_1"), Some(Kind::Invoice));
        assert_eq!(Kind::of("sub_sched_1"), Some(Kind::Schedule));
        assert_eq!(Kind::of("sub_1"), Some(Kind::Subscription));
        assert_eq!(Kind::of("nothing"), None);
    }
}
