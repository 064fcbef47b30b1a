//! The routes of the API.

use crate::{
    api::call::Call,
    calls::{
        cancellation, checkout_session, coupon, credit_note, customer, dispute, endpoint, event, invoice, invoice_item,
        invoice_payment, invoice_preview, payment_method, payment_method_configuration, portal, price, product,
        promotion_code, refund, schedule, subscription, tax_settings, test_clock,
    },
    store::{kind::Kind, problem::Answer},
};

type Handler = fn(&mut Call<'_>) -> Answer;

/// A route. A `{..}` segment of the template stands for an id.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
    pub(crate) handle: Handler,
}

const fn get(template: &'static str, handle: Handler) -> Route {
    Route { method: "GET", template, handle }
}

const fn post(template: &'static str, handle: Handler) -> Route {
    Route { method: "POST", template, handle }
}

const fn delete(template: &'static str, handle: Handler) -> Route {
    Route { method: "DELETE", template, handle }
}

/// All routes. The first match wins, so fixed names come before ids.
pub(crate) const ROUTES: &[Route] = &[
    post("/v1/customers", customer::create),
    get("/v1/customers", customer::list),
    get("/v1/customers/search", customer::search),
    get("/v1/customers/{id}", |call| call.retrieve(Kind::Customer)),
    post("/v1/customers/{id}", customer::update),
    delete("/v1/customers/{id}", customer::delete),
    get("/v1/customers/{id}/payment_methods", payment_method::list_of_customer),
    post("/v1/products", product::create),
    get("/v1/products", product::list),
    post("/v1/products/{id}", product::update),
    get("/v1/products/{id}", |call| call.retrieve(Kind::Product)),
    post("/v1/prices", price::create),
    get("/v1/prices", price::list),
    post("/v1/prices/{id}", price::update),
    get("/v1/prices/{id}", |call| call.retrieve(Kind::Price)),
    post("/v1/checkout/sessions", checkout_session::create),
    get("/v1/checkout/sessions", checkout_session::list),
    get("/v1/checkout/sessions/{id}", |call| call.retrieve(Kind::Session)),
    post("/v1/checkout/sessions/{id}/expire", checkout_session::expire),
    get("/v1/checkout/sessions/{id}/line_items", checkout_session::list_line_items),
    get("/v1/subscriptions", subscription::list),
    get("/v1/subscriptions/{id}", |call| call.retrieve(Kind::Subscription)),
    post("/v1/subscriptions/{id}", subscription::update),
    delete("/v1/subscriptions/{id}", cancellation::cancel),
    get("/v1/subscription_items", subscription::list_items),
    post("/v1/subscription_schedules", schedule::create),
    get("/v1/subscription_schedules", |call| call.list(Kind::Schedule, &[("customer", "/customer")])),
    get("/v1/subscription_schedules/{id}", |call| call.retrieve(Kind::Schedule)),
    post("/v1/subscription_schedules/{id}", schedule::update),
    post("/v1/subscription_schedules/{id}/release", schedule::release),
    post("/v1/subscription_schedules/{id}/cancel", schedule::cancel),
    post("/v1/coupons", coupon::create),
    get("/v1/coupons", |call| call.list(Kind::Coupon, &[])),
    get("/v1/coupons/{id}", coupon::retrieve),
    delete("/v1/coupons/{id}", coupon::delete),
    post("/v1/promotion_codes", promotion_code::create),
    get("/v1/promotion_codes", promotion_code::list),
    get("/v1/promotion_codes/{id}", |call| call.retrieve(Kind::PromotionCode)),
    post("/v1/promotion_codes/{id}", promotion_code::update),
    get("/v1/tax/settings", tax_settings::retrieve),
    get("/v1/invoices", invoice::list),
    post("/v1/invoices", invoice::create),
    post("/v1/invoices/create_preview", invoice_preview::create),
    get("/v1/invoices/{id}", |call| call.retrieve(Kind::Invoice)),
    post("/v1/invoices/{id}", invoice::update),
    get("/v1/invoices/{id}/lines", invoice::list_lines),
    post("/v1/invoices/{id}/finalize", invoice::finalize),
    post("/v1/invoices/{id}/pay", invoice::pay),
    post("/v1/invoices/{id}/void", invoice::void),
    post("/v1/invoices/{id}/mark_uncollectible", invoice::mark_uncollectible),
    post("/v1/invoiceitems", invoice_item::create),
    get("/v1/invoiceitems", invoice_item::list),
    get("/v1/invoiceitems/{id}", |call| call.retrieve(Kind::InvoiceItem)),
    delete("/v1/invoiceitems/{id}", invoice_item::delete),
    post("/v1/credit_notes", credit_note::create),
    get("/v1/credit_notes", credit_note::list),
    get("/v1/credit_notes/{id}", |call| call.retrieve(Kind::CreditNote)),
    post("/v1/credit_notes/{id}", credit_note::update),
    get("/v1/credit_notes/{id}/lines", credit_note::list_lines),
    post("/v1/credit_notes/{id}/void", credit_note::void),
    get("/v1/invoice_payments", invoice_payment::list),
    get("/v1/invoice_payments/{id}", |call| call.retrieve(Kind::InvoicePayment)),
    get("/v1/payment_intents", |call| call.list(Kind::PaymentIntent, &[("customer", "/customer")])),
    get("/v1/payment_intents/{id}", |call| call.retrieve(Kind::PaymentIntent)),
    get("/v1/payment_methods", |call| call.list(Kind::PaymentMethod, &[("customer", "/customer"), ("type", "/type")])),
    get("/v1/payment_methods/{id}", |call| call.retrieve(Kind::PaymentMethod)),
    post("/v1/payment_methods/{id}/attach", payment_method::attach),
    post("/v1/payment_methods/{id}/detach", payment_method::detach),
    get("/v1/setup_intents", |call| call.list(Kind::SetupIntent, &[("customer", "/customer")])),
    get("/v1/setup_intents/{id}", |call| call.retrieve(Kind::SetupIntent)),
    get("/v1/charges", |call| {
        call.list(Kind::Charge, &[("customer", "/customer"), ("payment_intent", "/payment_intent")])
    }),
    get("/v1/charges/{id}", |call| call.retrieve(Kind::Charge)),
    post("/v1/refunds", refund::create),
    get("/v1/refunds", refund::list),
    get("/v1/refunds/{id}", |call| call.retrieve(Kind::Refund)),
    post("/v1/refunds/{id}", refund::update),
    get("/v1/disputes", |call| {
        call.list(Kind::Dispute, &[("charge", "/charge"), ("payment_intent", "/payment_intent")])
    }),
    get("/v1/disputes/{id}", |call| call.retrieve(Kind::Dispute)),
    post("/v1/disputes/{id}", dispute::update),
    post("/v1/disputes/{id}/close", dispute::concede),
    post("/v1/billing_portal/configurations", portal::create_configuration),
    get("/v1/billing_portal/configurations", portal::list_configurations),
    get("/v1/billing_portal/configurations/{id}", |call| call.retrieve(Kind::PortalConfiguration)),
    post("/v1/billing_portal/configurations/{id}", portal::update_configuration),
    post("/v1/billing_portal/sessions", portal::create_session),
    post("/v1/payment_method_configurations", payment_method_configuration::create),
    get("/v1/payment_method_configurations", |call| call.list(Kind::PaymentMethodConfiguration, &[])),
    get("/v1/payment_method_configurations/{id}", |call| call.retrieve(Kind::PaymentMethodConfiguration)),
    post("/v1/payment_method_configurations/{id}", payment_method_configuration::update),
    post("/v1/webhook_endpoints", endpoint::create),
    get("/v1/webhook_endpoints", |call| call.list(Kind::WebhookEndpoint, &[])),
    get("/v1/webhook_endpoints/{id}", endpoint::retrieve),
    post("/v1/webhook_endpoints/{id}", endpoint::update),
    delete("/v1/webhook_endpoints/{id}", endpoint::delete),
    post("/v1/test_helpers/test_clocks", test_clock::create),
    get("/v1/test_helpers/test_clocks", |call| call.list(Kind::TestClock, &[])),
    get("/v1/test_helpers/test_clocks/{id}", test_clock::retrieve),
    delete("/v1/test_helpers/test_clocks/{id}", test_clock::delete),
    post("/v1/test_helpers/test_clocks/{id}/advance", test_clock::advance),
    get("/v1/events", event::list),
    get("/v1/events/{id}", event::retrieve),
];

/// Returns the route of a request, with the ids in its path.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Route, Vec<String>)> {
    let fits = |route: &'static Route| ids(route.template, path).map(|ids| (route, ids));
    ROUTES.iter().filter(|route| route.method == method).find_map(fits)
}

fn ids(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (template.split('/'), path.trim_end_matches('/').split('/'));
    let mut ids = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(ids),
            (Some(name), Some(id)) if name.starts_with('{') && !id.is_empty() => ids.push(id.to_owned()),
            (Some(name), Some(same)) if name == same => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(method: &str, path: &str) -> Option<&'static str> {
        find(method, path).map(|(route, _)| route.template)
    }

    #[test]
    fn fixed_names_come_before_ids() {
        assert_eq!(template("GET", "/v1/customers/search"), Some("/v1/customers/search"));
        assert_eq!(template("GET", "/v1/customers/cus_1"), Some("/v1/customers/{id}"));
        assert_eq!(template("GET", "/v1/customers/cus_1/more"), None);
        assert_eq!(template("PUT", "/v1/customers"), None);
        let (_, ids) = find("POST", "/v1/checkout/sessions/cs_test_1/expire").unwrap();
        assert_eq!(ids, ["cs_test_1"]);
    }
}
