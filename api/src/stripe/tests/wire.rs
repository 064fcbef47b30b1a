//! Requests and replies on the wire.

use super::listener::{Listener, Reply};
use super::*;

fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut form: Vec<_> = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    form.sort();
    form
}

#[tokio::test]
async fn a_customer_is_created_with_the_user_as_metadata() {
    let listener = Listener::with(vec![Reply::Json(200, reply::customer())]).await;
    assert_eq!(listener.client().create_customer("key-1", "key-1", &customer()).await.unwrap(), "cus_1");
    let [request] = &listener.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /v1/customers HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("bearer sk_test_secret"));
    assert_eq!(request.header("idempotency-key"), Some("key-1"));
    assert_eq!(request.header("stripe-version"), Some("2026-09-30.endive"));
    let expected = [
        ("email", "ada@example.com"),
        ("name", "Ada & Söhne"),
        ("metadata[user_id]", "7"),
        ("metadata[operation]", "key-1"),
    ];
    assert_eq!(request.form, form(&expected));
}

#[tokio::test]
async fn a_customer_without_a_name_sends_none() {
    let listener = Listener::with(vec![Reply::Json(200, reply::customer())]).await;
    let nameless = NewCustomer { name: String::new(), ..customer() };
    listener.client().create_customer("key-1", "key-1", &nameless).await.unwrap();
    let expected = [("email", "ada@example.com"), ("metadata[user_id]", "7"), ("metadata[operation]", "key-1")];
    assert_eq!(listener.requests()[0].form, form(&expected));
}

#[tokio::test]
async fn a_plan_is_sold_by_its_price_and_the_subscription_gets_the_metadata_too() {
    let listener = Listener::with(vec![Reply::Json(200, reply::session())]).await;
    let item = Item::Plan { tier: "CORE".to_owned(), price: "price_core".to_owned() };
    listener.client().create_session("key-1", &session(item)).await.unwrap();
    let [request] = &listener.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /v1/checkout/sessions HTTP/1.1");
    assert_eq!(request.header("idempotency-key"), Some("key-1"));
    let expected = [
        ("mode", "subscription"),
        ("customer", "cus_1"),
        ("client_reference_id", "7"),
        ("line_items[0][price]", "price_core"),
        ("line_items[0][quantity]", "1"),
        ("metadata[user_id]", "7"),
        ("metadata[tier]", "CORE"),
        ("metadata[operation]", "key-1"),
        ("subscription_data[metadata][user_id]", "7"),
        ("subscription_data[metadata][tier]", "CORE"),
        ("subscription_data[billing_mode][type]", "flexible"),
        ("subscription_data[billing_mode][flexible][proration_discounts]", "itemized"),
        ("excluded_payment_method_types[0]", "acss_debit"),
        ("excluded_payment_method_types[1]", "au_becs_debit"),
        ("excluded_payment_method_types[2]", "bacs_debit"),
        ("excluded_payment_method_types[3]", "boleto"),
        ("excluded_payment_method_types[4]", "customer_balance"),
        ("excluded_payment_method_types[5]", "konbini"),
        ("excluded_payment_method_types[6]", "multibanco"),
        ("excluded_payment_method_types[7]", "nz_bank_account"),
        ("excluded_payment_method_types[8]", "oxxo"),
        ("excluded_payment_method_types[9]", "sepa_debit"),
        ("excluded_payment_method_types[10]", "sofort"),
        ("excluded_payment_method_types[11]", "us_bank_account"),
        ("success_url", "https://shop.example/done?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://shop.example/"),
    ];
    assert_eq!(request.form, form(&expected));
}

#[tokio::test]
async fn the_options_of_a_session_are_sent() {
    let listener = Listener::with(vec![Reply::Json(200, reply::session())]).await;
    let options = SessionOptions {
        tax: true,
        promotion_codes: true,
        terms_url: Some("https://shop.example/terms".to_owned()),
        privacy_url: None,
    };
    let item = Item::Plan { tier: "CORE".to_owned(), price: "price_core".to_owned() };
    listener.client().create_session("key-1", &NewSession { options, ..session(item) }).await.unwrap();
    let form = &listener.requests()[0].form;
    for (name, value) in [
        ("allow_promotion_codes", "true"),
        ("automatic_tax[enabled]", "true"),
        ("customer_update[address]", "auto"),
        ("custom_text[submit][message]", "By paying, you agree to our [terms of service](https://shop.example/terms)."),
    ] {
        assert!(form.contains(&(name.to_owned(), value.to_owned())), "{name}: {form:?}");
    }
}

#[tokio::test]
async fn a_pack_is_one_thing_at_one_price_and_the_payment_gets_the_metadata_too() {
    let listener = Listener::with(vec![Reply::Json(200, reply::session())]).await;
    let item = Item::Pack { credits: 25, amount: 500, name: "25 credits".to_owned(), save_card: false };
    let made = listener.client().create_session("key-1", &session(item)).await.unwrap();
    assert_eq!(made, Session::from_value(&reply::session()).unwrap());
    let expected = [
        ("mode", "payment"),
        ("customer", "cus_1"),
        ("client_reference_id", "7"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "500"),
        ("line_items[0][price_data][product_data][name]", "25 credits"),
        ("line_items[0][quantity]", "1"),
        ("metadata[user_id]", "7"),
        ("metadata[credits]", "25"),
        ("metadata[purchase_type]", "one_time"),
        ("metadata[operation]", "key-1"),
        ("payment_intent_data[metadata][user_id]", "7"),
        ("payment_intent_data[metadata][credits]", "25"),
        ("payment_intent_data[metadata][purchase_type]", "one_time"),
        ("invoice_creation[enabled]", "true"),
        ("invoice_creation[invoice_data][metadata][user_id]", "7"),
        ("invoice_creation[invoice_data][metadata][credits]", "25"),
        ("invoice_creation[invoice_data][metadata][purchase_type]", "one_time"),
        ("success_url", "https://shop.example/done?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://shop.example/"),
    ];
    assert_eq!(listener.requests()[0].form, form(&expected));
}

#[tokio::test]
async fn a_cancellation_is_sent_with_its_key() {
    let listener = Listener::with(vec![Reply::Json(200, reply::subscription())]).await;
    listener.client().set_cancel_at_period_end("key-1", "sub_1", true).await.unwrap();
    let [request] = &listener.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /v1/subscriptions/sub_1 HTTP/1.1");
    assert_eq!(request.header("idempotency-key"), Some("key-1"));
    assert_eq!(request.form, form(&[("cancel_at_period_end", "true")]));
}

#[tokio::test]
async fn reads_carry_no_idempotency_key() {
    let script = vec![Reply::Json(200, reply::subscription()), Reply::Json(200, reply::session())];
    let listener = Listener::with(script).await;
    let stripe = listener.client();
    assert_eq!(stripe.subscription("sub_1").await, Ok(Subscription::from_value(&reply::subscription()).unwrap()));
    assert_eq!(stripe.session("cs_1").await, Ok(Session::from_value(&reply::session()).unwrap()));
    let [subscription, session] = &listener.requests()[..] else { panic!("two requests") };
    assert_eq!(subscription.line, "GET /v1/subscriptions/sub_1 HTTP/1.1");
    assert_eq!(session.line, "GET /v1/checkout/sessions/cs_1 HTTP/1.1");
    assert_eq!((subscription.header("idempotency-key"), session.header("idempotency-key")), (None, None));
}

#[test]
fn an_order_survives_being_stored() {
    let plan = session(Item::Plan { tier: "CORE".to_owned(), price: "price_core".to_owned() });
    let pack = session(Item::Pack { credits: 25, amount: 500, name: "25 credits".to_owned(), save_card: false });
    for order in [plan, pack] {
        let stored = serde_json::to_value(&order).unwrap();
        assert_eq!(serde_json::from_value::<NewSession>(stored).unwrap(), order);
    }
}

#[tokio::test]
async fn a_call_can_run_in_a_task_of_its_own() {
    let listener = Listener::with(vec![Reply::Json(200, reply::customer())]).await;
    let stripe = listener.client();
    let call = tokio::spawn(async move { stripe.create_customer("key-1", "key-1", &customer()).await });
    assert_eq!(call.await.unwrap(), Ok("cus_1".to_owned()));
}
