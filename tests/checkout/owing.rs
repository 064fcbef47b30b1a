//! While a renewal is unpaid, each refusal leads to the page of its invoice.

use serde_json::{Value, json};

use crate::{
    harness::{
        TestApp,
        actor::{PLAN_CHANGE, checkout, plan_change},
        facts,
    },
    subscription::newest,
};

const CHECKOUT: &str = "mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) { __typename \
    ... on AlreadySubscribed { message payUrl subscription { status openInvoice { payUrl } } } } }";

facts! {
    async fn an_unpaid_renewal_leads_to_its_invoice_from_a_checkout_and_from_a_change(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let paid = ada.gets(CHECKOUT, checkout("PRO")).await;
        assert_eq!((&paid["__typename"], &paid["payUrl"]), (&json!("AlreadySubscribed"), &Value::Null));
        assert_eq!(paid["subscription"], json!({ "status": "ACTIVE", "openInvoice": null }));
        let id = newest(&app).await["id"].as_str().unwrap().to_owned();
        app.sandbox().fail_next_payments(&id, 1).unwrap();
        app.sandbox().renew(&id).await.unwrap();
        app.settles().await;

        let owing = ada.gets(CHECKOUT, checkout("PRO")).await;
        let page = owing["payUrl"].clone();
        assert!(page.as_str().is_some_and(|page| page.starts_with("http")), "{owing}");
        assert_eq!(owing["subscription"], json!({ "status": "PAST_DUE", "openInvoice": { "payUrl": page } }));
        let message = owing["message"].as_str().unwrap();
        assert!(message.ends_with("is not paid. Pay its open invoice first."), "{message}");
        let refused = ada.gets(PLAN_CHANGE, plan_change("PRO")).await;
        assert_eq!((&refused["reason"], &refused["invoiceUrl"]), (&json!("PAST_DUE"), &page));
        assert_eq!(refused["message"], "An earlier payment is past due. Pay its open invoice first.");
    }
}
