//! Readers of JSON that no API version has.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Map, Value, json};

use super::*;

type Reader = (&'static str, fn(&Value) -> Result<(), Unreadable>);

const READERS: [Reader; 9] = [
    ("event", |value| Event::from_value(value).map(drop)),
    ("subscription", |value| Subscription::from_value(value).map(drop)),
    ("invoice", |value| Invoice::from_value(value).map(drop)),
    ("session", |value| Session::from_value(value).map(drop)),
    ("refund", |value| refund::Refund::from_value(value).map(drop)),
    ("dispute", |value| refund::Dispute::from_value(value).map(drop)),
    ("credit_note", |value| credit_note::CreditNote::from_value(value).map(drop)),
    ("invoice_payment", |value| InvoicePayment::from_value(value).map(drop)),
    ("subscription_schedule", |value| Schedule::from_value(value).map(drop)),
];

/// An object with every field that a reader looks for.
fn everything() -> Value {
    let text = r#"{
        "id": "x_1", "object": "event", "type": "invoice.paid", "customer": "cus_1", "status": "active", "mode": "payment",
        "payment_status": "paid", "currency": "usd", "livemode": false, "cancel_at_period_end": false,
        "created": 1790000000, "current_period_start": 1790000000, "current_period_end": 1792592000,
        "expires_at": 1790000000, "cancel_at": 1790000000, "ended_at": null, "metadata": { "credits": "5" },
        "billing_cycle_anchor": 1790000000, "trial_end": 1790000000,
        "amount": 500, "amount_total": 500, "amount_due": 500, "amount_paid": 500, "amount_refunded": 500,
        "total": 500, "post_payment_amount": 500, "out_of_band_amount": 0, "refund": { "id": "re_1" },
        "refunds": [{ "amount_refunded": 500 }],
        "balance_transactions": [{ "amount": -500 }], "invoice": { "id": "in_1" }, "payment_intent": "pi_1",
        "charge": { "id": "ch_1", "payment_intent": { "id": "pi_1" } }, "payment": { "payment_intent": "pi_1" },
        "payments": { "data": [{ "status": "paid", "payment": { "payment_intent": "pi_1" } }] },
        "request": { "idempotency_key": "key-1" }, "data": { "object": { "id": "in_1" }, "previous_attributes": {} },
        "items": { "data": [{ "id": "si_1", "price": { "id": "price_1" }, "quantity": 1 }] },
        "lines": { "has_more": false, "data": [{
            "amount": 500, "quantity": 1, "period": { "start": 1790000000, "end": 1792592000 },
            "pricing": { "price_details": { "price": "price_1" } },
            "discount_amounts": [{ "amount": 5 }], "parent": { "subscription_item_details": {
                "proration": false, "proration_details": { "credited_items": {} }, "subscription": "sub_1" } }
        }] },
        "parent": { "subscription_details": { "subscription": "sub_1" } },
        "current_phase": { "start_date": 1790000000 },
        "phases": [{ "start_date": 1790000000, "end_date": 1792592000, "items": [{ "price": "price_1" }] }]
    }"#;
    serde_json::from_str(text).unwrap()
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec![json!(i64::MIN), json!(i64::MAX), json!(u64::MAX), json!(8_210_266_876_800_i64), json!(1e300)]),
        ".{0,8}".prop_map(Value::from),
    ];
    let everything = everything();
    let names: Vec<String> = everything.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    leaf.prop_recursive(4, 24, 6, move |inner| {
        let field = (select(names.clone()), inner.clone());
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            vec(field, 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The JSON pointers to everything in a value.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(place, value)| (format!("{at}/{place}"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (place, value) in inside {
        self::places(value, &place, places);
        places.push(place);
    }
}

/// Removes the value at a pointer, or replaces it.
fn change(value: &mut Value, at: Index, other: Option<Value>) {
    let mut all = Vec::new();
    places(value, "", &mut all);
    if all.is_empty() {
        return;
    }
    let place = at.get(&all);
    let (outer, name) = place.rsplit_once('/').unwrap();
    match (value.pointer_mut(outer), other) {
        (Some(Value::Object(fields)), None) => drop(fields.remove(name)),
        (_, other) => *value.pointer_mut(place).unwrap() = other.unwrap_or_default(),
    }
}

fn are_named(value: &Value) -> Result<(), TestCaseError> {
    for (noun, read) in READERS {
        if let Err(Unreadable { what }) = read(value) {
            let rest = what.strip_prefix(noun).unwrap_or_default();
            prop_assert!(rest.len() > 1 && rest.starts_with(['.', ':', ' ']), "{noun}: {what:?}");
        }
    }
    Ok(())
}

#[test]
fn every_reader_reads_an_object_that_has_everything() {
    for (noun, read) in READERS {
        assert_eq!(read(&everything()), Ok(()), "{noun}");
    }
}

proptest! {
    #[test]
    fn any_json_is_read_or_the_error_names_its_noun(value in anything()) {
        are_named(&value)?;
    }

    #[test]
    fn a_damaged_object_is_read_or_the_error_names_its_noun(
        changes in vec((any::<Index>(), prop::option::of(anything())), 1..4)
    ) {
        let mut value = everything();
        for (at, other) in changes {
            change(&mut value, at, other);
        }
        are_named(&value)?;
    }

    #[test]
    fn any_bytes_are_an_event_or_are_none(body in vec(any::<u8>(), 0..200)) {
        prop_assert!(Event::parse(&body).is_err());
    }
}
