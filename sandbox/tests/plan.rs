//! Plan changes are prorated, and wait for their payment if it is pending.

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::shop::{Shop, settings, text};

const CARD: &str = "4242424242424242";
const DECLINES_LATER: &str = "4000000000000341";

/// A subscription to Core, and the parameters that change it to Pro from the start of its period.
async fn core_to_pro(shop: &Shop<'_>, number: &str) -> (String, Vec<(&'static str, String)>) {
    let id = shop.subscribe(number, &[]).await;
    let item = shop.sandbox.object(&id).unwrap()["items"]["data"][0].clone();
    let form = vec![
        ("items[0][id]", text(&item, "id")),
        ("items[0][price]", "price_pro".to_owned()),
        ("proration_behavior", "always_invoice".to_owned()),
        ("proration_date", item["current_period_start"].to_string()),
    ];
    (id, form)
}

fn borrowed<'a>(form: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    form.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn price_of(subscription: &Value) -> String {
    text(&subscription["items"]["data"][0]["price"], "id")
}

#[tokio::test]
async fn an_upgrade_is_prorated_and_paid_at_once() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let (id, mut form) = core_to_pro(&shop, CARD).await;
    let before = sandbox.events().len();
    form.push(("payment_behavior", "pending_if_incomplete".to_owned()));
    let changed = shop.done(&format!("/v1/subscriptions/{id}"), &borrowed(&form)).await;
    assert_eq!(price_of(&changed), "price_pro");
    let invoice = sandbox.object(&text(&changed, "latest_invoice")).unwrap();
    let amounts: Vec<&Value> =
        invoice["lines"]["data"].as_array().unwrap().iter().map(|line| &line["amount"]).collect();
    assert_eq!(amounts, [-499, 1499]);
    assert_eq!((&invoice["billing_reason"], &invoice["amount_paid"]), (&json!("subscription_update"), &json!(1000)));
    assert_eq!(invoice["lines"]["data"][1]["parent"]["subscription_item_details"]["proration"], true);
    assert_eq!(shop.types_since(before).last().unwrap(), "customer.subscription.updated");
    let renewed = sandbox.renew(&id).await.unwrap();
    assert_eq!(sandbox.object(&text(&renewed, "latest_invoice")).unwrap()["total"], 1499);
}

#[tokio::test]
async fn a_declined_upgrade_waits_and_is_applied_when_its_invoice_is_paid() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let (id, mut form) = core_to_pro(&shop, DECLINES_LATER).await;
    form.push(("payment_behavior", "pending_if_incomplete".to_owned()));
    let path = format!("/v1/subscriptions/{id}");
    let waiting = shop.done(&path, &borrowed(&form)).await;
    assert_eq!((price_of(&waiting).as_str(), &waiting["status"]), ("price_core", &json!("active")));
    assert_eq!(waiting["pending_update"]["subscription_items"][0]["price"]["id"], "price_pro");
    let pay = format!("/v1/invoices/{}/pay", text(&waiting, "latest_invoice"));
    assert_eq!(shop.answer(&pay, &[]).await.0, 402);
    shop.done(&pay, &[("payment_method", "pm_card_visa")]).await;
    let applied = sandbox.object(&id).unwrap();
    assert_eq!((price_of(&applied).as_str(), &applied["pending_update"]), ("price_pro", &Value::Null));
    assert_eq!(sandbox.events().pop().unwrap()["type"], "customer.subscription.pending_update_applied");
}

#[tokio::test]
async fn a_declined_upgrade_lapses_after_a_day_or_is_refused_or_leaves_a_debt() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let (id, form) = core_to_pro(&shop, DECLINES_LATER).await;
    let path = format!("/v1/subscriptions/{id}");
    let with = |behavior: &'static str| {
        let mut form = borrowed(&form);
        form.push(("payment_behavior", behavior));
        form
    };
    let waiting = shop.done(&path, &with("pending_if_incomplete")).await;
    sandbox.advance(std::time::Duration::from_hours(23)).await;
    assert_eq!(sandbox.events().pop().unwrap()["type"], "customer.subscription.pending_update_expired");
    assert_eq!(sandbox.object(&text(&waiting, "latest_invoice")).unwrap()["status"], "void");

    let (status, body) = shop.answer(&path, &with("error_if_incomplete")).await;
    assert_eq!((status, &body["error"]["type"]), (402, &json!("card_error")));
    assert_eq!(price_of(&sandbox.object(&id).unwrap()), "price_core");

    let behind = shop.done(&path, &with("allow_incomplete")).await;
    assert_eq!((price_of(&behind).as_str(), &behind["status"]), ("price_pro", &json!("past_due")));
}

#[tokio::test]
async fn a_preview_says_what_the_change_then_costs() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let (id, form) = core_to_pro(&shop, CARD).await;
    let nested: Vec<(String, &str)> = form
        .iter()
        .map(|(name, value)| {
            let (root, rest) =
                name.split_once('[').map_or((*name, String::new()), |(root, rest)| (root, format!("[{rest}")));
            (format!("subscription_details[{root}]{rest}"), value.as_str())
        })
        .collect();
    let mut change: Vec<(&str, &str)> = nested.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    change.push(("subscription", &id));
    let before = sandbox.events().len();
    let preview = shop.done("/v1/invoices/create_preview", &change).await;
    assert_eq!(preview["amount_due"], 1000);
    let upcoming = shop.done("/v1/invoices/create_preview", &[("subscription", &id)]).await;
    assert_eq!((&upcoming["amount_due"], upcoming["lines"]["data"].as_array().map(Vec::len)), (&json!(499), Some(1)));
    assert_eq!(sandbox.events().len(), before);
    assert_eq!(shop.get("/v1/invoices").await["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_preview_of_a_schedule_says_what_the_next_period_costs() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let schedule = shop.done("/v1/subscription_schedules", &[("from_subscription", &id)]).await;
    let schedule_id = text(&schedule, "id");
    let time = |field: &str| schedule["phases"][0][field].to_string();
    let (start, end) = (time("start_date"), time("end_date"));
    let phases = [
        ("phases[0][items][0][price]", "price_core"),
        ("phases[0][start_date]", start.as_str()),
        ("phases[0][end_date]", end.as_str()),
        ("phases[1][items][0][price]", "price_pro"),
        ("phases[1][proration_behavior]", "none"),
    ];
    shop.done(&format!("/v1/subscription_schedules/{schedule_id}"), &phases).await;
    let preview = shop.done("/v1/invoices/create_preview", &[("schedule", &schedule_id)]).await;
    assert_eq!((&preview["amount_due"], &preview["created"]), (&json!(1499), &schedule["phases"][0]["end_date"]));
    let both = [("schedule", schedule_id.as_str()), ("subscription", id.as_str())];
    assert_eq!(shop.answer("/v1/invoices/create_preview", &both).await.0, 400);
    let renewed = sandbox.renew(&id).await.unwrap();
    assert_eq!(sandbox.object(&text(&renewed, "latest_invoice")).unwrap()["total"], 1499);
    shop.done(&format!("/v1/subscription_schedules/{schedule_id}/release"), &[]).await;
    assert_eq!(shop.answer("/v1/invoices/create_preview", &[("schedule", &schedule_id)]).await.0, 400);
}

#[tokio::test]
async fn credit_of_a_downgrade_pays_for_the_next_invoices() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let (id, form) = core_to_pro(&shop, CARD).await;
    let path = format!("/v1/subscriptions/{id}");
    shop.done(&path, &borrowed(&form)).await;
    let mut down = borrowed(&form);
    down[1] = ("items[0][price]", "price_core");
    let down = shop.done(&path, &down).await;
    let invoice = sandbox.object(&text(&down, "latest_invoice")).unwrap();
    assert_eq!(
        (&invoice["total"], &invoice["amount_due"], &invoice["status"]),
        (&json!(-1000), &json!(0), &json!("paid"))
    );
    assert_eq!(sandbox.object(&text(&down, "customer")).unwrap()["balance"], -1000);
    let renewed = sandbox.renew(&id).await.unwrap();
    let invoice = sandbox.object(&text(&renewed, "latest_invoice")).unwrap();
    assert_eq!((&invoice["amount_due"], &invoice["ending_balance"]), (&json!(0), &json!(-501)));
}

#[tokio::test]
async fn a_schedule_downgrades_at_the_end_of_the_period_and_lets_go() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[("line_items[0][price]", "price_pro")]).await;
    let schedule = shop.done("/v1/subscription_schedules", &[("from_subscription", &id)]).await;
    let (start, end) = (&schedule["phases"][0]["start_date"], &schedule["phases"][0]["end_date"]);
    let (start, end) = (start.to_string(), end.to_string());
    let path = format!("/v1/subscription_schedules/{}", text(&schedule, "id"));
    let phases = [
        ("phases[0][items][0][price]", "price_pro"),
        ("phases[0][items][0][quantity]", "1"),
        ("phases[0][start_date]", &start),
        ("phases[0][end_date]", &end),
        ("phases[1][items][0][price]", "price_core"),
        ("phases[1][items][0][quantity]", "1"),
        ("phases[1][start_date]", &end),
        ("end_behavior", "release"),
    ];
    shop.done(&path, &phases).await;
    let (status, body) = shop.answer(&format!("/v1/subscriptions/{id}"), &[("cancel_at_period_end", "true")]).await;
    assert_eq!(status, 400);
    assert!(text(&body["error"], "message").contains("managed by the subscription schedule"));

    let down = sandbox.renew(&id).await.unwrap();
    assert_eq!(price_of(&down), "price_core");
    assert_eq!(sandbox.object(&text(&down, "latest_invoice")).unwrap()["total"], 499);
    let free = sandbox.renew(&id).await.unwrap();
    assert_eq!((&free["schedule"], &free["status"]), (&Value::Null, &json!("active")));
    assert_eq!(shop.get(&path).await["status"], "released");
}

#[tokio::test]
async fn a_schedule_can_be_released_and_ends_with_its_subscription() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let make = async || {
        let schedule = shop.done("/v1/subscription_schedules", &[("from_subscription", &id)]).await;
        format!("/v1/subscription_schedules/{}", text(&schedule, "id"))
    };
    let path = make().await;
    assert_eq!(shop.answer("/v1/subscription_schedules", &[("from_subscription", &id)]).await.0, 400);
    let released = shop.done(&format!("{path}/release"), &[]).await;
    assert_eq!((&released["status"], &released["released_subscription"]), (&json!("released"), &json!(id)));
    assert_eq!(shop.answer(&path, &[("end_behavior", "cancel")]).await.0, 400);
    let path = make().await;
    let request = shop.client.delete(shop.url(&format!("/v1/subscriptions/{id}"))).bearer_auth("sk_test_shop");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(shop.get(&path).await["status"], "canceled");
}
