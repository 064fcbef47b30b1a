//! An upgrade is refused if its payment is declined or an earlier one is owed.

use sandbox::{Outcome, Stage};
use serde_json::{Value, json};

use super::{calls_of, of_tier, renews};
use crate::{
    checkout::at_stripe,
    harness::{TestApp, actor::GOOD_CARD, facts},
    subscription::newest,
};

const DECLINES: &str = "4000000000000341";

/// Asks for 3-D Secure on every payment.
const ASKS: &str = "4000002760003184";

/// A payment from it is confirmed days later.
const BANK_ACCOUNT: &str = "000123456789";

/// Puts another card behind the newest subscription.
async fn pays_with(app: &TestApp, card: &str) {
    let id = newest(app).await["id"].as_str().unwrap().to_owned();
    app.sandbox().change_card(&id, card).unwrap();
    app.settles().await;
}

/// Follows the link of an open invoice's page to the bank, and passes there, or fails.
pub(crate) async fn confirms(app: &TestApp, invoice: &str, authentication: &str) {
    let page = app.http().get(invoice).send().await.unwrap().text().await.unwrap();
    let link = page.split("href=\"").find(|part| part.starts_with("/authenticate/"));
    let path = link.and_then(|part| part.split('"').next()).unwrap_or_else(|| panic!("nothing to confirm: {page}"));
    let url = format!("http://{}{path}", app.sandbox().address());
    let answer = app.http().post(url).form(&[("authentication", authentication)]).send().await.unwrap();
    assert_eq!(answer.status(), 303);
}

async fn newest_payment(app: &TestApp) -> String {
    at_stripe(app, "/v1/payment_intents?limit=1").await["data"][0]["id"].as_str().unwrap().to_owned()
}

facts! {
    async fn a_declined_card_changes_nothing_and_has_a_reason(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        let version = ada.subscription().await["version"].clone();
        insta::assert_json_snapshot!("plan_change_declined", ada.changes_plan("PRO").await, {
            ".invoiceUrl" => "[the invoice's page]",
        });
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        assert_eq!(ada.subscription().await["version"], version);
        // Another card, and it works.
        pays_with(&app, GOOD_CARD).await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(ada.credits().await, 100);
    }

    async fn a_declined_upgrade_is_made_once_its_invoice_is_paid_by_hand(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        let failed = ada.changes_plan("PRO").await;
        let page = failed["invoiceUrl"].as_str().unwrap();
        assert!(app.http().get(page).send().await.unwrap().text().await.unwrap().contains("$10.00"));
        let paid = app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
        assert!(paid.status().is_redirection(), "{}", paid.status());
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("PRO", 100));
    }

    async fn an_upgrade_that_the_bank_wants_confirmed_is_made_once_it_is(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, ASKS).await;
        let failed = ada.changes_plan("PRO").await;
        let fields = ["__typename", "reason", "declineCode"].map(|field| failed[field].as_str().unwrap());
        assert_eq!(fields, ["PaymentFailed", "DECLINED", "authentication_required"]);
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        let page = failed["invoiceUrl"].as_str().unwrap();
        confirms(&app, page, "fail").await;
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
        assert_eq!(ada.changes_plan("PRO").await["__typename"], "PaymentFailed");
        let page = ada.changes_plan("PRO").await["invoiceUrl"].as_str().unwrap().to_owned();
        confirms(&app, &page, "complete").await;
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("PRO", 100));
    }

    async fn an_upgrade_that_waits_for_its_payment_can_be_finished_from_its_preview(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let pending = async |tier: &str| {
            let preview = "query ($tier: Tier!) { previewPlanChange(tier: $tier) { pendingInvoiceUrl } }";
            ada.gets(preview, json!({ "tier": tier })).await["pendingInvoiceUrl"].clone()
        };
        assert_eq!(pending("PRO").await, Value::Null);
        pays_with(&app, ASKS).await;
        let page = ada.changes_plan("PRO").await["invoiceUrl"].clone();
        assert!(page.is_string());
        assert_eq!((pending("PRO").await, pending("STUDIO").await), (page.clone(), Value::Null));
        confirms(&app, page.as_str().unwrap(), "complete").await;
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), pending("STUDIO").await), ("PRO", Value::Null));
    }

    async fn a_declined_upgrade_that_is_not_paid_never_takes_effect(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        let page = ada.changes_plan("PRO").await["invoiceUrl"].as_str().unwrap().to_owned();
        pays_with(&app, GOOD_CARD).await;
        app.sandbox().advance(std::time::Duration::from_hours(25)).await;
        app.settles().await;
        assert!(newest(&app).await["pending_update"].is_null());
        let paid = app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
        assert_eq!(paid.status(), 402, "the invoice is void");
        renews(&app).await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 50));
    }

    async fn an_upgrade_that_stripe_refuses_for_the_payment_method_has_a_reason(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        // The gateway sees no method that it would refuse itself, and Stripe no card.
        let mut subscription = newest(&app).await;
        subscription["default_payment_method"] = Value::Null;
        app.sandbox().adopt(subscription);
        let refused = ada.changes_plan("PRO").await;
        assert_eq!((&refused["__typename"], &refused["reason"]), (&json!("PaymentFailed"), &json!("PAYMENT_METHOD")));
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 25));
    }

    async fn another_request_discards_a_declined_upgrade(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        for request in ["CORE", "cancel"] {
            assert_eq!(ada.changes_plan("PRO").await["__typename"], "PaymentFailed");
            assert!(!newest(&app).await["pending_update"].is_null());
            if request == "cancel" {
                ada.cancels().await;
            } else {
                assert_eq!(ada.changes_plan(request).await, of_tier("CORE", None));
            }
            assert!(newest(&app).await["pending_update"].is_null(), "{request}");
        }
        assert_eq!(calls_of(&app, "POST /v1/invoices/{id}/void"), 2);
    }

    async fn a_past_due_renewal_is_paid_before_an_upgrade(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, DECLINES).await;
        renews(&app).await;
        assert_eq!(ada.subscription().await["status"], "PAST_DUE");
        insta::assert_json_snapshot!("plan_change_owing", ada.changes_plan("PRO").await, {
            ".invoiceUrl" => "[the invoice's page]",
        });
        insta::assert_json_snapshot!("plan_change_preview_owing", ada.previews("PRO").await, {
            ".refusal.invoiceUrl" => "[the invoice's page]",
            ".effectiveAt" => "[now]",
            ".nextInvoiceAt" => "[end of the period]",
        });
        let page = ada.changes_plan("STUDIO").await["invoiceUrl"].as_str().unwrap().to_owned();
        app.http().post(page).form(&[("card_number", GOOD_CARD)]).send().await.unwrap();
        app.settles().await;
        assert_eq!((ada.tier().await.as_str(), ada.credits().await), ("CORE", 50));
        pays_with(&app, GOOD_CARD).await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(ada.credits().await, 125);
    }

    async fn a_bank_account_is_refused_for_an_upgrade_by_preview_and_change(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        pays_with(&app, BANK_ACCOUNT).await;
        let charged = calls_of(&app, "POST /v1/subscriptions/{id}");
        let preview = ada.previews("PRO").await;
        assert_eq!((&preview["dueNow"]["amount"], &preview["nextInvoice"]["amount"]), (&json!(0), &json!(499)));
        for refusal in [&preview["refusal"], &ada.changes_plan("PRO").await] {
            assert_eq!((&refusal["__typename"], &refusal["reason"]), (&json!("PaymentFailed"), &json!("PAYMENT_METHOD")));
        }
        assert_eq!(calls_of(&app, "POST /v1/subscriptions/{id}"), charged, "nothing was charged");
        // Going down charges nothing.
        pays_with(&app, GOOD_CARD).await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        pays_with(&app, BANK_ACCOUNT).await;
        assert_eq!(ada.previews("CORE").await["refusal"], json!(null));
        assert_eq!(ada.changes_plan("CORE").await, of_tier("PRO", Some("CORE")));
    }

    async fn in_the_hour_of_the_renewal_an_upgrade_has_to_wait(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("CORE").await;
        let end = newest(&app).await["items"]["data"][0]["current_period_end"].as_i64().unwrap();
        let left = end - app.sandbox().now() + 60;
        app.sandbox().advance(std::time::Duration::from_secs(left.unsigned_abs())).await;
        app.settles().await;
        for refusal in [ada.previews("PRO").await["refusal"].clone(), ada.changes_plan("PRO").await] {
            assert_eq!((&refusal["__typename"], &refusal["reason"]), (&json!("PlanChangeUnavailable"), &json!("RENEWING")), "{refusal}");
        }
        assert_eq!(ada.credits().await, 25);
        app.sandbox().advance(std::time::Duration::from_hours(1)).await;
        app.settles().await;
        assert_eq!(ada.changes_plan("PRO").await, of_tier("PRO", None));
        assert_eq!(ada.balance().await["credits"], json!(125));
    }

    async fn a_refunded_period_allows_upgrades_from_the_next_on(app: TestApp) {
        for (user, back, up) in [("ada", "CORE", "PRO"), ("bob", "PRO", "STUDIO")] {
            let user = app.signs_up(user).await;
            user.subscribes(back).await;
            let payment = newest_payment(&app).await;
            app.sandbox().refund(&payment, Some(100)).unwrap();
            app.settles().await;
            let charged = calls_of(&app, "POST /v1/subscriptions/{id}");
            let preview = user.previews(up).await;
            assert_eq!((&preview["dueNow"]["amount"], &preview["creditsNow"]), (&json!(0), &json!(0)));
            let end = user.subscription().await["currentPeriodEnd"].clone();
            for refusal in [&preview["refusal"], &user.changes_plan(up).await] {
                assert_eq!(refusal["reason"], "REFUNDED", "{back} to {up}: {refusal}");
                assert_eq!((&refusal["__typename"], &refusal["availableAt"]), (&json!("PlanChangeUnavailable"), &end));
            }
            assert_eq!(calls_of(&app, "POST /v1/subscriptions/{id}"), charged, "nothing was charged");
            assert_eq!(user.tier().await, back);
            renews(&app).await;
            assert_eq!(user.changes_plan(up).await, of_tier(up, None));
        }
    }

    async fn a_dispute_that_is_over_allows_upgrades_again(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.subscribes("PRO").await;
        let dispute = app.sandbox().dispute(&newest_payment(&app).await, Stage::Chargeback, None).unwrap();
        app.settles().await;
        assert_eq!(ada.changes_plan("STUDIO").await["reason"], "REFUNDED");
        app.sandbox().proceed_dispute(dispute["id"].as_str().unwrap(), Outcome::Won).unwrap();
        app.settles().await;
        assert_eq!(ada.changes_plan("STUDIO").await, of_tier("STUDIO", None));
    }
}
