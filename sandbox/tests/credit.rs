//! Credit notes, invoice items and invoices of their own change amounts and balances as at Stripe.

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::shop::{Shop, settings, text};

const CARD: &str = "4242424242424242";

async fn sandbox() -> Sandbox {
    Sandbox::start(settings(Vec::new(), None)).await.unwrap()
}

#[tokio::test]
async fn a_credit_note_on_a_paid_invoice_refunds_a_part_of_it() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let invoice = text(&sandbox.object(&id).unwrap(), "latest_invoice");
    let before = sandbox.events().len();
    let form = [("invoice", invoice.as_str()), ("amount", "200"), ("refund_amount", "150"), ("credit_amount", "50")];
    let note = shop.done("/v1/credit_notes", &form).await;
    assert_eq!((&note["type"], &note["post_payment_amount"]), (&json!("post_payment"), &json!(200)));
    assert_eq!(note["refunds"][0]["amount_refunded"], 150);
    let expected = ["refund.created", "charge.refunded", "customer.updated", "credit_note.created", "invoice.updated"];
    assert_eq!(shop.types_since(before), expected);
    let invoice = sandbox.object(&invoice).unwrap();
    assert_eq!((&invoice["post_payment_credit_notes_amount"], &invoice["status"]), (&json!(200), &json!("paid")));
    assert_eq!(sandbox.object(&text(&invoice, "customer")).unwrap()["balance"], -50);

    let id = text(&note, "id");
    let changed = shop.done(&format!("/v1/credit_notes/{id}"), &[("memo", "Sorry")]).await;
    assert_eq!(changed["memo"], "Sorry");
    assert_eq!(sandbox.events().pop().unwrap()["type"], "credit_note.updated");
    assert_eq!(shop.answer(&format!("/v1/credit_notes/{id}/void"), &[]).await.0, 400);
    let listed = shop.get(&format!("/v1/credit_notes?invoice={}", text(&invoice, "id"))).await;
    assert_eq!(listed["data"][0]["id"], id.as_str());
    assert_eq!(shop.get(&format!("/v1/credit_notes/{id}/lines")).await["data"][0]["amount"], 200);
}

#[tokio::test]
async fn a_credit_note_credits_lines_and_no_more_than_there_is() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[("line_items[0][quantity]", "4")]).await;
    let invoice = sandbox.object(&text(&sandbox.object(&id).unwrap(), "latest_invoice")).unwrap();
    let (invoice, line) = (text(&invoice, "id"), text(&invoice["lines"]["data"][0], "id"));
    let by_line = [
        ("invoice", invoice.as_str()),
        ("lines[0][type]", "invoice_line_item"),
        ("lines[0][invoice_line_item]", &line),
        ("lines[0][quantity]", "1"),
        ("out_of_band_amount", "499"),
    ];
    let note = shop.done("/v1/credit_notes", &by_line).await;
    assert_eq!((&note["amount"], &note["lines"]["data"][0]["invoice_line_item"]), (&json!(499), &json!(line)));
    for bad in [
        vec![("amount", "1498"), ("out_of_band_amount", "1498")],
        vec![("amount", "100")],
        vec![("amount", "100"), ("refund_amount", "99")],
        vec![("amount", "0")],
        vec![],
    ] {
        let form = [vec![("invoice", invoice.as_str())], bad.clone()].concat();
        assert_eq!(shop.answer("/v1/credit_notes", &form).await.0, 400, "{bad:?}");
    }
}

#[tokio::test]
async fn a_credit_note_on_an_open_invoice_lowers_it_and_can_be_voided() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    sandbox.fail_next_payments(&id, 1).unwrap();
    let behind = sandbox.renew(&id).await.unwrap();
    let invoice = text(&behind, "latest_invoice");
    let credit = async |amount: &str| {
        shop.done("/v1/credit_notes", &[("invoice", &invoice), ("amount", amount), ("reason", "duplicate")]).await
    };
    let note = credit("99").await;
    let lowered = sandbox.object(&invoice).unwrap();
    assert_eq!((&lowered["amount_remaining"], &lowered["pre_payment_credit_notes_amount"]), (&json!(400), &json!(99)));
    let voided = shop.done(&format!("/v1/credit_notes/{}/void", text(&note, "id")), &[]).await;
    assert_eq!(voided["status"], "void");
    assert_eq!(sandbox.object(&invoice).unwrap()["amount_remaining"], 499);

    let before = sandbox.events().len();
    credit("499").await;
    let expected = [
        "credit_note.created",
        "invoice.updated",
        "payment_intent.canceled",
        "invoice.paid",
        "customer.subscription.updated",
    ];
    assert_eq!(shop.types_since(before), expected);
    let paid = sandbox.object(&invoice).unwrap();
    assert_eq!((&paid["status"], &paid["amount_paid"]), (&json!("paid"), &json!(0)));
    assert_eq!(sandbox.object(&id).unwrap()["status"], "active");
}

#[tokio::test]
async fn an_invoice_shows_ten_lines_and_lists_all_of_them() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let id = shop.subscribe(CARD, &[]).await;
    let customer = text(&sandbox.object(&id).unwrap(), "customer");
    for number in 1..=12 {
        let amount = (number * 10).to_string();
        let form =
            [("customer", customer.as_str()), ("amount", &amount), ("currency", "usd"), ("description", "Extra")];
        shop.done("/v1/invoiceitems", &form).await;
    }
    let renewed = sandbox.renew(&id).await.unwrap();
    let invoice = sandbox.object(&text(&renewed, "latest_invoice")).unwrap();
    assert_eq!((&invoice["total"], &invoice["status"]), (&json!(499 + 780), &json!("paid")));
    let lines = &invoice["lines"];
    assert_eq!((lines["data"].as_array().unwrap().len(), &lines["has_more"]), (10, &json!(true)));
    assert_eq!(lines["total_count"], 13);
    let url = text(lines, "url");
    let page = shop.get(&format!("{url}?limit=8&starting_after={}", text(&lines["data"][9], "id"))).await;
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (3, &json!(false)));
    assert_eq!(page["data"][2]["parent"]["type"], "subscription_item_details");
    let back = shop.get(&format!("{url}?limit=2&ending_before={}", text(&page["data"][0], "id"))).await;
    assert_eq!((&back["data"][1]["id"], &back["has_more"]), (&lines["data"][9]["id"], &json!(true)));
    assert_eq!(shop.get(&format!("{url}?starting_after=il_none")).await["error"]["param"], "starting_after");
}

#[tokio::test]
async fn an_invoice_made_by_hand_takes_what_waits_and_is_paid_by_the_default_method() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    let method = [("invoice_settings[default_payment_method]", "pm_card_visa")];
    shop.done(&format!("/v1/customers/{customer}"), &method).await;
    shop.done("/v1/invoiceitems", &[("customer", &customer), ("amount", "700"), ("currency", "usd")]).await;
    let form = [("customer", customer.as_str()), ("pending_invoice_items_behavior", "include")];
    let draft = shop.done("/v1/invoices", &form).await;
    assert_eq!((&draft["billing_reason"], &draft["parent"]), (&json!("manual"), &Value::Null));
    let path = format!("/v1/invoices/{}", text(&draft, "id"));
    assert_eq!(shop.done(&format!("{path}/finalize"), &[]).await["amount_due"], 700);
    let paid = shop.done(&format!("{path}/pay"), &[]).await;
    assert_eq!((&paid["status"], &paid["amount_paid"]), (&json!("paid"), &json!(700)));
    let expanded = shop.get(&format!("{path}?expand[]=payments.data.payment.payment_intent")).await;
    assert_eq!(expanded["payments"]["data"][0]["payment"]["payment_intent"]["amount_received"], 700);

    shop.done("/v1/invoiceitems", &[("customer", &customer), ("amount", "300"), ("currency", "usd")]).await;
    let sent = [&form[..], &[("collection_method", "send_invoice"), ("days_until_due", "14")]].concat();
    let sent = shop.done("/v1/invoices", &sent).await;
    let path = format!("/v1/invoices/{}", text(&sent, "id"));
    shop.done(&format!("{path}/finalize"), &[]).await;
    let before = sandbox.events().len();
    assert_eq!(shop.done(&format!("{path}/pay"), &[("paid_out_of_band", "true")]).await["status"], "paid");
    assert_eq!(shop.types_since(before), ["invoice.paid"]);
}

#[tokio::test]
async fn an_invoice_without_a_payment_method_stays_open() {
    let sandbox = sandbox().await;
    let shop = Shop::at(&sandbox);
    let customer = shop.customer().await;
    shop.done("/v1/invoiceitems", &[("customer", &customer), ("amount", "700"), ("currency", "usd")]).await;
    let form = [("customer", customer.as_str()), ("pending_invoice_items_behavior", "include")];
    let path = format!("/v1/invoices/{}", text(&shop.done("/v1/invoices", &form).await, "id"));
    shop.done(&format!("{path}/finalize"), &[]).await;
    assert_eq!(shop.answer(&format!("{path}/pay"), &[]).await.0, 402);
    assert_eq!(shop.get(&path).await["status"], "open");
}
