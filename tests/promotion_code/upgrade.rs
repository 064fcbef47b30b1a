//! An upgrade within a discounted period grants the difference of the plans' credits, whatever was taken off, and however
//! Stripe renders the discount: in the amounts of the lines, or beside them.

use serde_json::{Value, json};

use super::{enters, pays, with_codes};
use crate::{
    checkout::{at_stripe, customer_of, on_both, posts_to_stripe},
    harness::{Actor, TestApp, actor::GOOD_CARD, facts},
    plan_change::renews,
    subscription::newest,
    webhook::{entries_of, grant},
};

/// The parameters of a subscription in each billing mode.
const MODES: [&[(&str, &str)]; 3] = [
    &[(TYPE, "classic")],
    &[(TYPE, "flexible"), (DISCOUNTS, "included")],
    &[(TYPE, "flexible"), (DISCOUNTS, "itemized")],
];

const TYPE: &str = "subscription_data[billing_mode][type]";
const DISCOUNTS: &str = "subscription_data[billing_mode][flexible][proration_discounts]";

/// A coupon, with the cents that CORE, an upgrade to PRO and one to STUDIO cost with it.
struct Coupon {
    id: &'static str,
    percent: &'static str,
    duration: &'static str,
    core: i64,
    to_pro: i64,
    to_studio: i64,
}

const COUPONS: [Coupon; 4] = [
    Coupon { id: "FIFTH", percent: "20", duration: "once", core: 399, to_pro: 1100, to_studio: 2600 },
    Coupon { id: "ALWAYS_FIFTH", percent: "20", duration: "forever", core: 399, to_pro: 800, to_studio: 2000 },
    Coupon { id: "FREE", percent: "100", duration: "once", core: 0, to_pro: 1499, to_studio: 2999 },
    Coupon { id: "ALWAYS_FREE", percent: "100", duration: "forever", core: 0, to_pro: 0, to_studio: 0 },
];

/// Each coupon in each billing mode.
fn cases() -> impl Iterator<Item = (&'static [(&'static str, &'static str)], Coupon)> {
    MODES.into_iter().flat_map(|mode| COUPONS.map(|coupon| (mode, coupon)))
}

async fn creates_coupons(app: &TestApp) {
    for Coupon { id, percent, duration, .. } in COUPONS {
        posts_to_stripe(app, "/v1/coupons", &[("id", id), ("percent_off", percent), ("duration", duration)]).await;
    }
}

/// A new user who subscribes to CORE with a coupon, without the gateway.
async fn subscriber(app: &TestApp, mode: &[(&str, &str)], coupon: &str) -> Actor {
    let count = at_stripe(app, "/v1/customers?limit=100").await["data"].as_array().unwrap().len();
    let user = app.signs_up(&format!("ada{count}")).await;
    let customer = customer_of(app, &user.opens_checkout("CORE").await).await;
    let form = [
        ("mode", "subscription"),
        ("customer", customer.as_str()),
        ("success_url", "https://patchhive.example/account"),
        ("line_items[0][price]", "price_core"),
        ("line_items[0][quantity]", "1"),
        ("discounts[0][coupon]", coupon),
    ];
    let session = posts_to_stripe(app, "/v1/checkout/sessions", &[&form[..], mode].concat()).await;
    user.pays(&session, GOOD_CARD).await;
    app.settles().await;
    user
}

/// The cents that the newest invoice of the newest subscription has cost.
async fn paid(app: &TestApp) -> i64 {
    let invoice = newest(app).await["latest_invoice"].as_str().unwrap().to_owned();
    app.sandbox().object(&invoice).unwrap()["amount_paid"].as_i64().unwrap()
}

async fn refunds_newest_charge(app: &TestApp) {
    let charge = at_stripe(app, "/v1/charges?limit=1").await["data"][0]["id"].as_str().unwrap().to_owned();
    app.sandbox().refund(&charge, None).unwrap();
    app.settles().await;
}

/// The credits that are left of a period when the money of its second invoice went back.
fn left_of(credits: i64, first: i64, second: i64) -> i64 {
    let (returned, paid) = (credits * second, first + second);
    credits - (2 * returned + paid) / (2 * paid)
}

async fn unlimited(user: &Actor) -> bool {
    user.balance().await["unlimited"] == true
}

facts! {
    async fn an_upgrade_to_pro_grants_the_difference_with_every_coupon_in_every_billing_mode(app: TestApp) {
        creates_coupons(&app).await;
        for (mode, coupon) in cases() {
            let case = format!("{mode:?} {}", coupon.id);
            let ada = subscriber(&app, mode, coupon.id).await;
            assert_eq!((ada.credits().await, paid(&app).await), (25, coupon.core), "{case}");
            let preview = ada.previews("PRO").await;
            let shown = (&preview["creditsNow"], &preview["dueNow"]["amount"]);
            assert_eq!(shown, (&json!(75), &json!(coupon.to_pro)), "{case}");
            assert_eq!(ada.changes_plan("PRO").await["tier"], "PRO", "{case}");
            app.settles().await;
            assert_eq!(entries_of(&ada).await, [grant(25), grant(75)], "{case}");
            assert_eq!(paid(&app).await, coupon.to_pro, "{case}");
            if coupon.to_pro > 0 {
                refunds_newest_charge(&app).await;
                assert_eq!(ada.credits().await, left_of(100, coupon.core, coupon.to_pro), "{case}");
            }
        }
    }

    async fn an_upgrade_to_studio_is_unlimited_with_every_coupon_in_every_billing_mode(app: TestApp) {
        creates_coupons(&app).await;
        for (mode, coupon) in cases() {
            let case = format!("{mode:?} {}", coupon.id);
            let sue = subscriber(&app, mode, coupon.id).await;
            assert_eq!(sue.changes_plan("STUDIO").await["tier"], "STUDIO", "{case}");
            app.settles().await;
            assert_eq!((sue.credits().await, unlimited(&sue).await), (25, true), "{case}");
            assert_eq!(paid(&app).await, coupon.to_studio, "{case}");
            if coupon.to_studio > 0 {
                refunds_newest_charge(&app).await;
                let left = left_of(25, coupon.core, coupon.to_studio);
                assert_eq!((sue.credits().await, unlimited(&sue).await), (left, false), "{case}");
            }
        }
    }

    async fn a_change_on_stripes_dashboard_grants_the_share_of_the_time_that_is_left(app: TestApp) {
        creates_coupons(&app).await;
        for (mode, coupon) in cases() {
            let case = format!("{mode:?} {}", coupon.id);
            let ada = subscriber(&app, mode, coupon.id).await;
            app.sandbox().advance(std::time::Duration::from_hours(24 * 10)).await;
            let subscription = newest(&app).await;
            let item = &subscription["items"]["data"][0];
            let form = [
                ("items[0][id]", item["id"].as_str().unwrap()),
                ("items[0][price]", "price_pro"),
                ("proration_behavior", "always_invoice"),
            ];
            let path = format!("/v1/subscriptions/{}", subscription["id"].as_str().unwrap());
            let changed = posts_to_stripe(&app, &path, &form).await;
            app.settles().await;
            let invoice = app.sandbox().object(changed["latest_invoice"].as_str().unwrap()).unwrap();
            let at = |value: &Value| value.as_i64().unwrap();
            let (start, end) = (at(&item["current_period_start"]), at(&item["current_period_end"]));
            let left = end - at(&invoice["lines"]["data"][0]["period"]["start"]);
            let expected = (2 * 75 * left + (end - start)) / (2 * (end - start));
            assert_eq!(entries_of(&ada).await, [grant(25), grant(expected)], "{case}");
        }
    }

    async fn two_upgrades_in_one_free_period_grant_no_more_than_one(app: TestApp) {
        creates_coupons(&app).await;
        for mode in MODES {
            let ada = subscriber(&app, mode, "ALWAYS_FREE").await;
            ada.changes_plan("PRO").await;
            ada.changes_plan("STUDIO").await;
            app.settles().await;
            assert_eq!(entries_of(&ada).await, [grant(25), grant(75), grant(0)], "{mode:?}");
            assert!(unlimited(&ada).await, "{mode:?}");
            renews(&app).await;
            assert_eq!((ada.credits().await, unlimited(&ada).await), (100, true), "{mode:?}");
        }
    }

    async fn a_change_within_a_free_trial_grants_nothing(app: TestApp) {
        creates_coupons(&app).await;
        let ada = subscriber(&app, &[("subscription_data[trial_period_days]", "14")], "ALWAYS_FREE").await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "CORE"));
        ada.changes_plan("PRO").await;
        app.settles().await;
        assert_eq!((ada.credits().await, ada.tier().await.as_str()), (0, "PRO"));
        renews(&app).await;
        assert_eq!(entries_of(&ada).await, [grant(100)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_is_sold_itemizes_the_discounts_of_its_changes() {
    on_both(with_codes, async |app| {
        let ada = app.signs_up("ada").await;
        let checkout = ada.opens_checkout("CORE").await;
        assert_eq!(enters(&app, &checkout, "FIRSTFREE").await, 303);
        pays(&app, &ada, &checkout).await;
        ada.changes_plan("PRO").await;
        app.settles().await;
        assert_eq!(entries_of(&ada).await, [grant(25), grant(75)]);
        let subscription = newest(&app).await;
        assert_eq!(subscription["billing_mode"]["flexible"]["proration_discounts"], "itemized");
        let invoice = app.sandbox().object(subscription["latest_invoice"].as_str().unwrap()).unwrap();
        let amounts = |field: &str| invoice[field].as_i64().unwrap();
        assert_eq!((amounts("subtotal"), amounts("total")), (1000, 1499));
        assert_eq!(invoice["total_discount_amounts"][0]["amount"], -499);
    })
    .await;
}
