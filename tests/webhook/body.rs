//! Signed bodies that are not events are refused, and events with odd contents are stored with an error.

use patch_hive::config::DEMO;
use serde_json::{Value, json};

use super::{
    accepts, inbox, known_user,
    payloads::{Pack, Plan, STUDIO, retold},
    stored,
};
use crate::harness::{
    TestApp, facts,
    signature::{now, sign},
};

/// Signs a body as Stripe would, sends it, and returns the status of the answer.
async fn sends(app: &TestApp, body: impl Into<Vec<u8>>) -> u16 {
    let body = body.into();
    let header = sign(&body, DEMO.webhook_secret, now());
    app.receives_raw(body, Some(&header)).await.0
}

/// A webhook of the size, with spaces that JSON allows.
fn of_size(event: &Value, size: usize) -> Vec<u8> {
    let mut body = event.to_string().into_bytes();
    body.resize(size, b' ');
    body
}

facts! {
    async fn a_body_that_is_no_event_is_refused_and_not_stored(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let whole = Pack::new(&customer).completed("paid").to_string();
        let half = &whole[..whole.len() / 2];
        for body in ["", " ", half, "{}", "[]", "null", "\"event\"", "nonsense", r#"{"object":"event"}"#, "%%%"] {
            assert_eq!(sends(&app, body).await, 400, "{body:?}");
        }
        assert_eq!(sends(&app, "[".repeat(100_000)).await, 400);
        assert_eq!(sends(&app, format!("{whole}{whole}")).await, 400);
        assert!(inbox(&app).await.is_empty());
        assert_eq!(ada.credits().await, 0);
    }

    async fn a_body_that_is_not_utf8_is_refused_and_not_stored(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let mut body = Pack::new(&customer).completed("paid").to_string().into_bytes();
        let place = body.windows(4).position(|four| four == b"evt_").unwrap();
        body[place] = 0xff;
        assert_eq!(sends(&app, body).await, 400);
        assert_eq!(sends(&app, [0xff, 0xfe, 0x00]).await, 400);
        assert!(inbox(&app).await.is_empty());
        assert_eq!(ada.credits().await, 0);
    }

    async fn a_thin_event_is_refused_and_not_stored(app: TestApp) {
        let thin = json!({
            "id": "evt_test_thin",
            "object": "v2.core.event",
            "created": "2026-11-22T12:00:00.000Z",
            "livemode": false,
            "related_object": { "id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1" },
            "type": "v1.customer.created",
        });
        assert_eq!(sends(&app, thin.to_string()).await, 400);
        assert!(inbox(&app).await.is_empty());
    }

    async fn an_envelope_that_lacks_a_part_is_refused_and_not_stored(app: TestApp) {
        let whole = Pack::new("cus_1").completed("paid");
        for part in ["id", "object", "created", "data", "livemode", "type"] {
            let mut event = whole.clone();
            event.as_object_mut().unwrap().remove(part);
            assert_eq!(app.receives(&event).await.0, 400, "without {part}");
            event[part] = json!([1]);
            assert_eq!(app.receives(&event).await.0, 400, "with an odd {part}");
        }
        assert!(inbox(&app).await.is_empty());
    }

    async fn an_invalid_id_is_refused_and_not_stored(app: TestApp) {
        for id in ["", "evt 1", "evt_\u{0}", "evt_é", &"e".repeat(256)] {
            let mut event = Pack::new("cus_1").completed("paid");
            event["id"] = id.into();
            assert_eq!(app.receives(&event).await.0, 400, "{id:?}");
        }
        assert!(inbox(&app).await.is_empty());
    }

    async fn a_body_over_the_limit_is_413_and_not_stored_and_one_within_it_is_taken(app: TestApp) {
        let limit = app.inside().await.config.limits.webhook_bytes;
        let (ada, customer) = known_user(&app, "ada").await;
        let event = Pack::new(&customer).completed("paid");
        assert_eq!(sends(&app, of_size(&event, limit + 1)).await, 413);
        assert_eq!(sends(&app, of_size(&event, 3 * limit)).await, 413);
        assert!(inbox(&app).await.is_empty());
        assert_eq!(sends(&app, of_size(&event, limit)).await, 200);
        assert_eq!(ada.credits().await, 25);
    }

    async fn odd_content_is_answered_200_and_stored_with_its_error(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let odd: [(&str, Value); 11] = [
            ("/data/object/metadata/credits", json!("-5")),
            ("/data/object/metadata/credits", json!("0")),
            ("/data/object/metadata/credits", json!("1001")),
            ("/data/object/metadata/credits", json!("many")),
            ("/data/object/metadata/credits", json!("9999999999999999999999")),
            ("/data/object/metadata", json!({ "purchase_type": "one_time" })),
            ("/data/object/metadata", json!("nothing")),
            ("/data/object/expires_at", json!(i64::MAX)),
            ("/data/object/amount_total", json!(1e300)),
            ("/data/object/payment_status", json!(null)),
            ("/data/object/id", json!(null)),
        ];
        for (place, value) in odd {
            let mut event = Pack::new(&customer).completed("paid");
            *event.pointer_mut(place).unwrap() = value.clone();
            assert_eq!(app.receives(&event).await.0, 200, "{place}: {value}");
            let stored = stored(&app, &event).await.unwrap();
            assert_eq!(stored.status, entity::event::Status::Failed, "{place}: {value}");
            assert!(stored.error.is_some_and(|error| !error.is_empty()), "{place}: {value}");
        }
        assert_eq!(ada.balance().await["version"], 0);
    }

    async fn numbers_that_no_currency_and_no_calendar_has_are_stored_with_their_error(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let (pack, plan) = (Pack::new(&customer), Plan::new(&customer, STUDIO));
        accepts(&app, [&pack.completed("paid"), &plan.created("active")]).await;
        let before = ada.balance().await;
        let odd = [
            (Pack::new(&customer).completed("paid"), "/data/object/amount_total"),
            (plan.paid("subscription_create"), "/data/object/amount_paid"),
            (plan.paid("subscription_create"), "/data/object/lines/data/0/amount"),
            (plan.paid("subscription_create"), "/data/object/lines/data/0/period/end"),
        ];
        for (event, place) in odd {
            for number in [i64::MAX, i64::MIN, 8_210_266_876_799] {
                let mut event = retold(&event, event["type"].as_str().unwrap());
                *event.pointer_mut(place).unwrap() = number.into();
                assert_eq!(app.receives(&event).await.0, 200, "{place}: {number}");
                let stored = stored(&app, &event).await.unwrap();
                assert_eq!(stored.status, entity::event::Status::Failed, "{place}: {number}");
                assert!(stored.error.is_some_and(|error| error.contains("out of range")), "{place}: {number}");
            }
        }
        assert_eq!(ada.balance().await, before);
    }

    async fn odd_characters_and_times_are_never_our_fault(app: TestApp) {
        let (ada, customer) = known_user(&app, "ada").await;
        let odd: [(&str, Value); 10] = [
            ("/api_version", json!("2026\u{0}")),
            ("/type", json!("checkout.session.\u{0}completed")),
            ("/created", json!(i64::MAX)),
            ("/created", json!(i64::MIN)),
            ("/created", json!(253_402_300_800_i64)),
            ("/data/object/id", json!("cs_\u{0}")),
            ("/data/object/customer", json!("cus_\u{0}")),
            ("/data/object/payment_intent", json!("pi_\u{0}")),
            ("/data/object/metadata/credits", json!("\u{0}")),
            ("/data/object/metadata/note", json!("\u{0}")),
        ];
        for (place, value) in odd {
            let mut event = Pack::new(&customer).completed("paid");
            match event.pointer_mut(place) {
                Some(field) => *field = value.clone(),
                None => event["data"]["object"]["metadata"]["note"] = value.clone(),
            }
            for _ in 0..2 {
                let (status, answer) = app.receives(&event).await;
                assert!(status < 500, "{place}: {value}: {status} {answer}");
            }
        }
        let mut quoted = Plan::new(&customer, ("price_\u{0}", 499)).created("active");
        for _ in 0..2 {
            assert_eq!(app.receives(&quoted).await.0, 200);
            quoted["data"]["object"]["id"] = "sub_\u{0}".into();
        }
        assert!(ada.credits().await >= 0);
        // The inbox can still be read.
        assert!(!inbox(&app).await.is_empty());
    }
}
