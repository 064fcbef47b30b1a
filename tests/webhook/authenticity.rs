//! Only bodies that Stripe has signed recently, in this form, are accepted.

use serde_json::Value;

use super::{entries_of, inbox, known_user, payloads::Pack, purchase};
use crate::{
    checkout::on_both,
    harness::{
        Actor, TestApp, facts,
        signature::{now, sign},
    },
};
use patch_hive::config::DEMO;

/// A webhook that would post credits, and the user who would get them.
async fn tempting(app: &TestApp) -> (Actor, Vec<u8>) {
    let (ada, customer) = known_user(app, "ada").await;
    (ada, Pack::new(&customer).completed("paid").to_string().into_bytes())
}

async fn is_refused(app: &TestApp, body: &[u8], header: Option<&str>) {
    let (status, answer) = app.receives_raw(body.to_vec(), header).await;
    assert_eq!(status, 400, "{header:?}: {answer}");
    assert_ne!(answer, Value::Null, "a refusal says why");
    assert!(inbox(app).await.is_empty());
}

facts! {
    async fn a_body_not_signed_with_the_secret_is_refused_and_not_stored(app: TestApp) {
        let (ada, body) = tempting(&app).await;
        let time = now();
        let zeros = "0".repeat(64);
        let good = sign(&body, DEMO.webhook_secret, time);
        let forged = [
            format!("t={time},v1={zeros}"),
            format!("t={time},v1="),
            format!("t={time}"),
            good.replace("v1=", "v0="),
            good.replace(&format!("t={time}"), &format!("t={}", time + 1)),
            good[..good.len() - 2].to_owned(),
            sign(&body, "whsec_of_somebody_else", time),
            sign(&body, "", time),
            String::new(),
            "no signature at all".to_owned(),
            "v1=".repeat(2000),
        ];
        for header in forged {
            is_refused(&app, &body, Some(&header)).await;
        }
        is_refused(&app, &body, None).await;
        assert_eq!(ada.credits().await, 0);
    }

    async fn a_tampered_body_is_refused_and_not_stored(app: TestApp) {
        let (ada, body) = tempting(&app).await;
        let header = sign(&body, DEMO.webhook_secret, now());
        let tampered = String::from_utf8(body.clone()).unwrap().replace(r#""credits":"25""#, r#""credits":"99""#);
        assert_ne!(tampered.as_bytes(), body);
        is_refused(&app, tampered.as_bytes(), Some(&header)).await;
        is_refused(&app, &[&body[..], b" "].concat(), Some(&header)).await;
        assert_eq!(ada.credits().await, 0);
    }

    async fn a_signature_of_another_time_is_refused_and_not_stored(app: TestApp) {
        let (ada, body) = tempting(&app).await;
        // From the future a few seconds more, which pass while the webhook is on its way.
        for seconds in [-301, -100_000, 310, 100_000] {
            is_refused(&app, &body, Some(&sign(&body, DEMO.webhook_secret, now() + seconds))).await;
        }
        assert_eq!(ada.credits().await, 0);
    }

    async fn a_signature_that_is_five_minutes_off_is_still_good(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        for seconds in [-290, 290] {
            let body = Pack::new(&customer).completed("paid").to_string().into_bytes();
            let header = sign(&body, DEMO.webhook_secret, now() + seconds);
            assert_eq!(app.receives_raw(body, Some(&header)).await.0, 200);
        }
        assert_eq!(entries_of(&ada).await, [purchase(25), purchase(25)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_secret_is_replaced_both_are_good() {
    const NEXT: &str = "whsec_the_next_one_that_will_be_used";
    let both = |config: &mut patch_hive::config::Config| {
        config.stripe.as_mut().unwrap().webhook_secrets.push(NEXT.into());
    };
    on_both(both, async |app| {
        let (ada, customer) = known_user(&app, "ada").await;
        let time = now();
        let pack = || Pack::new(&customer).completed("paid").to_string().into_bytes();
        for secret in [DEMO.webhook_secret, NEXT] {
            let body = pack();
            let header = sign(&body, secret, time);
            assert_eq!(app.receives_raw(body, Some(&header)).await.0, 200);
        }
        // Stripe signs with both while both are in use.
        let body = pack();
        let (unknown, known) = (sign(&body, "whsec_revoked", time), sign(&body, NEXT, time));
        let header = format!("{unknown},{}", known.split_once(',').unwrap().1);
        assert_eq!(app.receives_raw(body, Some(&header)).await.0, 200);
        assert_eq!(entries_of(&ada).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_stripe_webhooks_are_answered_503_and_not_stored() {
    on_both(
        |config| config.stripe = None,
        async |app| {
            let body = Pack::new("cus_1").completed("paid").to_string().into_bytes();
            let header = sign(&body, DEMO.webhook_secret, now());
            assert_eq!(app.receives_raw(body, Some(&header)).await.0, 503);
            assert!(inbox(&app).await.is_empty());
        },
    )
    .await;
}
