//! The search of the dashboard: by id, email, name, amount, type or status.

use serde_json::Value;

use crate::{
    resources::price,
    store::{kind::Kind, state::State, work::text},
};

/// Fields that may contain the word.
const TEXTS: [&str; 14] = [
    "id",
    "charge",
    "code",
    "customer",
    "customer_email",
    "description",
    "email",
    "invoice",
    "name",
    "number",
    "payment_intent",
    "status",
    "subscription",
    "type",
];

/// Fields that may have the amount.
const AMOUNTS: [&str; 5] = ["amount", "amount_refunded", "amount_total", "total", "unit_amount"];

/// A search word; an empty one finds everything.
pub(super) struct Search {
    /// In lower case.
    word: String,
    /// The word as an amount in minor units.
    amount: Option<i64>,
}

impl Search {
    pub(super) fn of(word: &str) -> Search {
        Search { word: word.to_lowercase(), amount: amount(word) }
    }

    /// Returns `true` if an object, the object of an event, its customer or its plan matches.
    pub(super) fn finds(&self, state: &State, object: &Value) -> bool {
        let data = &object["data"]["object"];
        self.word.is_empty() || self.matches(state, object) || (data.is_object() && self.matches(state, data))
    }

    fn matches(&self, state: &State, object: &Value) -> bool {
        let price = &object["items"]["data"][0]["price"];
        let customer = || state.find(Kind::Customer, &text(object, "customer"));
        self.is_in(object)
            || customer().is_some_and(|customer| self.is_in(customer))
            || price.is_object() && (self.is_in(price) || self.contained(&price::product_name(state, price)))
    }

    fn is_in(&self, object: &Value) -> bool {
        TEXTS.iter().any(|field| object[*field].as_str().is_some_and(|text| self.contained(text)))
            || self.amount.is_some() && AMOUNTS.iter().any(|field| object[*field].as_i64() == self.amount)
    }

    fn contained(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.word)
    }
}

/// Reads an amount such as `$14.05`, `1,499.00` or `5`.
fn amount(word: &str) -> Option<i64> {
    let plain = word.trim().trim_start_matches('$').replace(',', "");
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(cents) || cents.len() != 2 {
        return None;
    }
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        assert_eq!(amount("$14.05"), Some(1405));
        assert_eq!(amount("1,499.00"), Some(149_900));
        assert_eq!(amount(" 5 "), Some(500));
        for other in ["", "$", "1.5", "4.999", "-4.99", "ada", "99999999999999999999"] {
            assert_eq!(amount(other), None, "{other}");
        }
    }

    #[test]
    fn an_object_is_found_by_its_texts_and_its_amounts() {
        let state = State::new();
        let charge = json!({ "id": "ch_1", "amount": 1499, "description": "Subscription update" });
        let event = json!({ "id": "evt_1", "type": "charge.succeeded", "data": { "object": charge } });
        for word in ["", "CH_1", "14.99", "$14.99", "update"] {
            assert!(Search::of(word).finds(&state, &charge) && Search::of(word).finds(&state, &event), "{word}");
        }
        for word in ["14.98", "1499", "ada"] {
            assert!(!Search::of(word).finds(&state, &charge), "{word}");
        }
        assert!(Search::of("charge.").finds(&state, &event));
    }
}
