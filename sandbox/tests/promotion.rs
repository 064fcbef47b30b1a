//! Promotion codes at the hosted checkout, and taxes.

use sandbox::{Sandbox, Tax};
use serde_json::{Value, json};

use crate::shop::{CREDITS, Shop, checkout_of_core, settings, text};

const CARD: &str = "4242424242424242";

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

impl Shop<'_> {
    /// Opens a checkout of a plan, with more parameters.
    async fn opens(&self, more: &[(&str, &str)]) -> Value {
        let customer = self.customer().await;
        self.done("/v1/checkout/sessions", &[&checkout_of_core(&customer)[..], more].concat()).await
    }

    /// Sends a form of the page of a checkout; answers with the status and the page that comes back.
    async fn sends(&self, session: &str, form: &[(&str, &str)]) -> (u16, String) {
        let response = self.client.post(self.url(&format!("/pay/{session}"))).form(form).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn applies(&self, session: &str, code: &str) -> (u16, String) {
        self.sends(session, &[("action", "apply"), ("promotion_code", code)]).await
    }

    async fn shows(&self, session: &str) -> String {
        let request = self.client.get(self.url(&format!("/pay/{session}")));
        request.send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test]
async fn a_code_is_applied_removed_and_redeemed_on_the_page() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = text(&shop.opens(&[("allow_promotion_codes", "true")]).await, "id");
    assert!(shop.shows(&id).await.contains("Promotion code"));
    let (status, page) = shop.applies(&id, "<b>no</b>").await;
    assert!(status == 409 && page.contains("This code is invalid.") && !page.contains("<b>no"), "{page}");
    assert_eq!(shop.applies(&id, " save20 ").await.0, 303);
    let page = shop.shows(&id).await;
    assert!(page.contains("Discount SAVE20") && page.contains("-$1.00") && page.contains("Subscribe for $3.99"));
    let session = sandbox.object(&id).unwrap();
    assert_eq!((&session["amount_subtotal"], &session["amount_total"]), (&json!(499), &json!(399)));
    assert_eq!(session["discounts"], json!([{ "coupon": null, "promotion_code": "promo_save20" }]));
    assert_eq!(shop.sends(&id, &[("action", "remove")]).await.0, 303);
    assert_eq!(sandbox.object(&id).unwrap()["amount_total"], 499);
    assert_eq!(shop.applies(&id, "MINUS2").await.0, 303);

    let paid = sandbox.pay(&id, CARD).unwrap();
    let invoice = sandbox.object(&text(&paid, "invoice")).unwrap();
    assert_eq!((&invoice["total"], &invoice["amount_paid"]), (&json!(299), &json!(299)));
    assert_eq!(invoice["total_discount_amounts"][0]["amount"], 200);
    assert_eq!(sandbox.object("promo_minus2").unwrap()["times_redeemed"], 1);
    assert_eq!(shop.applies(&id, "SAVE20").await.0, 409, "it is complete");
}

#[tokio::test]
async fn a_code_for_everything_leaves_a_paid_invoice_without_a_payment() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = text(&shop.opens(&[("allow_promotion_codes", "true")]).await, "id");
    sandbox.apply_code(&id, "FIRSTFREE").unwrap();
    let paid = sandbox.pay(&id, CARD).unwrap();
    assert_eq!((&paid["amount_total"], &paid["payment_status"]), (&json!(0), &json!("no_payment_required")));
    let invoice = sandbox.object(&text(&paid, "invoice")).unwrap();
    assert_eq!((&invoice["status"], &invoice["total"]), (&json!("paid"), &json!(0)));
    let renewed = sandbox.renew(&text(&paid, "subscription")).await.unwrap();
    assert_eq!(sandbox.object(&text(&renewed, "latest_invoice")).unwrap()["amount_paid"], 499);
}

#[tokio::test]
async fn a_code_keeps_its_limits() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let options = [("allow_promotion_codes", "true")];
    let code = async |more: &[(&str, &str)]| {
        let form = [&[("promotion[type]", "coupon"), ("promotion[coupon]", "SAVE20")][..], more].concat();
        shop.done("/v1/promotion_codes", &form).await
    };
    let soon = (sandbox.now() + 3600).to_string();
    code(&[("code", "SOON"), ("expires_at", &soon)]).await;
    code(&[("code", "NEW"), ("restrictions[first_time_transaction]", "true")]).await;
    let off = code(&[("code", "OFF")]).await;
    shop.done(&format!("/v1/promotion_codes/{}", text(&off, "id")), &[("active", "false")]).await;
    let other = text(&shop.done("/v1/customers", &[("email", "eve@example.com")]).await, "id");
    code(&[("code", "EVE"), ("customer", &other)]).await;

    let id = text(&shop.opens(&options).await, "id");
    for refused in ["OFF", "EVE"] {
        assert_eq!(shop.applies(&id, refused).await.0, 409, "{refused}");
    }
    for accepted in ["SOON", "NEW"] {
        assert_eq!(shop.applies(&id, accepted).await.0, 303, "{accepted}");
    }
    sandbox.pay(&id, CARD).unwrap();
    sandbox.advance(std::time::Duration::from_hours(2)).await;
    let id = text(&shop.opens(&options).await, "id");
    for refused in ["SOON", "NEW"] {
        assert_eq!(shop.applies(&id, refused).await.0, 409, "{refused}");
    }
    let listed = shop.get("/v1/promotion_codes?code=SAVE20&active=true").await;
    assert_eq!(listed["data"][0]["promotion"]["coupon"], "SAVE20");
}

#[tokio::test]
async fn bad_codes_and_parameters_are_refused() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    for (form, param) in [
        (vec![("code", "X")], "promotion"),
        (vec![("promotion[coupon]", "none")], "promotion[coupon]"),
        (vec![("promotion[coupon]", "SAVE20"), ("code", "a b")], "code"),
        (vec![("promotion[coupon]", "SAVE20"), ("code", "save20")], "code"),
        (vec![("promotion[coupon]", "SAVE20"), ("customer", "cus_none")], "customer"),
        (vec![("promotion[coupon]", "SAVE20"), ("colour", "red")], "colour"),
    ] {
        let (status, body) = shop.answer("/v1/promotion_codes", &form).await;
        assert_eq!((status, body["error"]["param"].as_str()), (400, Some(param)));
    }
    let both = [("allow_promotion_codes", "true"), ("discounts[0][coupon]", "SAVE20")];
    let form = [&CREDITS[..], &both].concat();
    assert_eq!(shop.answer("/v1/checkout/sessions", &form).await.1["error"]["param"], "allow_promotion_codes");
    let id = text(&shop.opens(&[]).await, "id");
    assert!(!shop.shows(&id).await.contains("Promotion code"));
    assert_eq!(shop.applies(&id, "SAVE20").await.0, 409, "the session does not accept codes");
}

#[tokio::test]
async fn a_tax_is_added_or_included_and_needs_an_address() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let tax = [("automatic_tax[enabled]", "true"), ("customer_update[address]", "auto")];
    let customer = shop.customer().await;
    let form = [&CREDITS[..], &[("customer", customer.as_str()), tax[0]]].concat();
    let (status, body) = shop.answer("/v1/checkout/sessions", &form).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("customer_tax_location_invalid")));
    let guest = [&CREDITS[..], &tax].concat();
    assert_eq!(shop.answer("/v1/checkout/sessions", &guest).await.1["error"]["param"], "customer_update");

    let id = text(&shop.opens(&tax).await, "id");
    let page = shop.shows(&id).await;
    assert!(page.contains("Tax (20 %)") && page.contains("Subscribe for $5.99"), "{page}");
    let paid = sandbox.pay(&id, CARD).unwrap();
    assert_eq!(paid["total_details"]["amount_tax"], 100);
    let invoice = sandbox.object(&text(&paid, "invoice")).unwrap();
    let numbers = ["subtotal", "total", "total_excluding_tax", "amount_paid"].map(|field| invoice[field].as_i64());
    assert_eq!(numbers, [499, 599, 499, 599].map(Some));
    assert_eq!(invoice["total_taxes"][0]["amount"], 100);
    assert_eq!(invoice["lines"]["data"][0]["taxes"][0]["taxable_amount"], 499);
    assert!(!sandbox.object(&customer).unwrap()["address"].is_null());

    sandbox.set_tax(Tax { inclusive: true, ..Tax::default() });
    let renewed = sandbox.renew(&text(&paid, "subscription")).await.unwrap();
    let invoice = sandbox.object(&text(&renewed, "latest_invoice")).unwrap();
    let numbers = ["subtotal", "total", "total_excluding_tax", "amount_paid"].map(|field| invoice[field].as_i64());
    assert_eq!(numbers, [499, 499, 416, 499].map(Some));
    let page = shop.client.get(shop.url(&format!("/invoice/{}", text(&invoice, "id")))).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Tax, included"));
    sandbox.set_tax(Tax { set_up: false, ..Tax::default() });
    assert_eq!(shop.get("/v1/tax/settings").await["status"], "pending");
    let form = [&CREDITS[..], &[("customer", customer.as_str())], &tax].concat();
    assert_eq!(shop.answer("/v1/checkout/sessions", &form).await.1["error"]["code"], "stripe_tax_inactive");
}

#[tokio::test]
async fn the_tax_of_a_price_is_its_own_and_a_discount_lowers_it() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let product = text(&shop.done("/v1/products", &[("name", "Gold")]).await, "id");
    let price = |behavior: &'static str| {
        vec![
            ("product", product.clone()),
            ("currency", "usd".to_owned()),
            ("unit_amount", "6000".to_owned()),
            ("tax_behavior", behavior.to_owned()),
        ]
    };
    let inclusive: Vec<_> = price("inclusive");
    let form: Vec<_> = inclusive.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let price = text(&shop.done("/v1/prices", &form).await, "id");
    let customer = shop.customer().await;
    let form = [
        ("mode", "payment"),
        ("customer", customer.as_str()),
        ("line_items[0][price]", price.as_str()),
        ("line_items[0][quantity]", "1"),
        ("success_url", "http://127.0.0.1:1/thanks"),
        ("invoice_creation[enabled]", "true"),
        ("automatic_tax[enabled]", "true"),
        ("customer_update[address]", "auto"),
        ("allow_promotion_codes", "true"),
    ];
    let id = text(&shop.done("/v1/checkout/sessions", &form).await, "id");
    sandbox.apply_code(&id, "SAVE20").unwrap();
    let paid = sandbox.pay(&id, CARD).unwrap();
    assert_eq!((&paid["amount_total"], &paid["total_details"]["amount_tax"]), (&json!(4800), &json!(800)));
    let invoice = sandbox.object(&text(&paid, "invoice")).unwrap();
    assert_eq!((&invoice["total"], &invoice["total_taxes"][0]["amount"]), (&json!(4800), &json!(800)));
    let bad = [("product", product.as_str()), ("currency", "usd"), ("unit_amount", "1"), ("tax_behavior", "odd")];
    assert_eq!(shop.answer("/v1/prices", &bad).await.1["error"]["param"], "tax_behavior");
}

/// Upgrades to Pro from the start of the period, and returns the invoice.
async fn upgrades(shop: &Shop<'_>, subscription: &str) -> Value {
    let start = shop.sandbox.object(subscription).unwrap()["items"]["data"][0]["current_period_start"].to_string();
    let (status, changed) = shop.change_to_pro(subscription, &[("proration_date", &start)]).await;
    assert_eq!(status, 200, "{changed}");
    shop.sandbox.object(&text(&changed, "latest_invoice")).unwrap()
}

const MODE: &str = "subscription_data[billing_mode][type]";
const ITEMIZED: [(&str, &str); 2] =
    [(MODE, "flexible"), ("subscription_data[billing_mode][flexible][proration_discounts]", "itemized")];

#[tokio::test]
async fn the_discounts_of_prorations_are_beside_their_amounts_or_included_in_them() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    shop.done("/v1/coupons", &[("id", "ALWAYS"), ("percent_off", "20"), ("duration", "forever")]).await;
    shop.done("/v1/coupons", &[("id", "OFF"), ("amount_off", "99"), ("currency", "usd"), ("duration", "forever")])
        .await;
    // The amounts of both lines before and after their discounts: of the credit, those of the period that was paid.
    for (coupon, gross, off, paid) in [
        ("ALWAYS", [-499, 1499], [-100, 300], 800),
        ("SAVE20", [-499, 1499], [-100, 0], 1100),
        ("FIRSTFREE", [-499, 1499], [-499, 0], 1499),
        ("OFF", [-499, 1499], [-99, 99], 1000),
    ] {
        let included: [&[(&str, &str)]; 3] = [&[(MODE, "classic")], &[(MODE, "flexible")], &[]];
        for (mode, itemized) in included.iter().map(|mode| (*mode, false)).chain([(&ITEMIZED[..], true)]) {
            let form = [&[("discounts[0][coupon]", coupon)][..], mode].concat();
            let invoice = upgrades(&shop, &shop.subscribe(CARD, &form).await).await;
            for (line, (gross, off)) in gross.into_iter().zip(off).enumerate() {
                let case = format!("{coupon} {mode:?} {line}");
                let line = &invoice["lines"]["data"][line];
                let shown = line["discount_amounts"].as_array().unwrap().first().map(|entry| &entry["amount"]);
                assert_eq!(line["amount"], if itemized { gross } else { gross - off }, "{case}");
                let off = if itemized { off } else { 0 };
                assert_eq!(shown.map_or(0, |amount| amount.as_i64().unwrap()), off, "{case}");
                assert_eq!(line["discountable"], false, "{case}");
            }
            assert_eq!((&invoice["total"], &invoice["amount_paid"]), (&json!(paid), &json!(paid)), "{coupon} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_credit_of_nothing_names_what_it_credits() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[("discounts[0][coupon]", "FIRSTFREE")]).await;
    let first = text(&sandbox.object(&id).unwrap(), "latest_invoice");
    let invoice = upgrades(&shop, &id).await;
    let lines = invoice["lines"]["data"].as_array().unwrap();
    let credited = |line: &Value| {
        line["parent"]["subscription_item_details"]["proration_details"]["credited_items"]["invoice"].clone()
    };
    assert_eq!((&lines[0]["amount"], credited(&lines[0])), (&json!(0), json!(first)));
    assert_eq!((&lines[1]["amount"], credited(&lines[1])), (&json!(1499), Value::Null));
}

#[tokio::test]
async fn an_unknown_billing_mode_is_refused() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let form = checkout_of_core(&customer);
    let discounts = "subscription_data[billing_mode][flexible][proration_discounts]";
    for mode in
        [&[(MODE, "rigid")][..], &[(MODE, "classic"), (discounts, "itemized")], &[(MODE, "flexible"), (discounts, "x")]]
    {
        let (status, body) = shop.answer("/v1/checkout/sessions", &[&form[..], mode].concat()).await;
        assert_eq!((status, &body["error"]["param"]), (400, &json!(MODE)), "{mode:?}");
    }
    let (status, body) = shop.answer("/v1/checkout/sessions", &[&form[..], &[(discounts, "itemized")]].concat()).await;
    assert_eq!((status, &body["error"]["param"]), (400, &json!(MODE)));
}
