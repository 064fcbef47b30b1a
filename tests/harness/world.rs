//! Computes the objects at Stripe that belong to events made by tests. The sandbox serves them, because the gateway reads
//! states from Stripe instead of trusting events.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

/// The objects that result from the events so far.
#[derive(Default)]
pub(crate) struct World {
    applied: HashSet<String>,
    objects: HashMap<String, Value>,
    /// Refunds with their amounts, by payment intent.
    refunds: HashMap<String, HashMap<String, i64>>,
    /// The refunded amount of the charge, by payment intent.
    charged: HashMap<String, i64>,
}

impl World {
    /// Applies an event and returns the changed objects. A repeated event changes nothing.
    pub(crate) fn learn(&mut self, event: &Value) -> Vec<Value> {
        let own = event["id"].as_str().is_some_and(|id| id.starts_with("evt_test_"));
        if !own || !self.applied.insert(event["id"].to_string()) || !event["data"]["object"].is_object() {
            return Vec::new();
        }
        let changed = self.changed_by(event);
        for object in &changed {
            self.objects.insert(object["id"].to_string(), object.clone());
        }
        changed
    }

    /// All objects.
    pub(crate) fn into_objects(self) -> Vec<Value> {
        self.objects.into_values().collect()
    }

    fn changed_by(&mut self, event: &Value) -> Vec<Value> {
        let kind = event["type"].as_str().unwrap_or_default();
        let mut object = event["data"]["object"].clone();
        let known = self.objects.get(&object["id"].to_string());
        let named = object["object"].as_str().unwrap_or_default().to_owned();
        match named.as_str() {
            "subscription" if known.is_some_and(|known| known["status"] == "canceled") => Vec::new(),
            "subscription" => {
                flatten(&mut object, &["customer", "default_payment_method", "latest_invoice", "schedule"]);
                for field in ["default_payment_method", "latest_invoice", "schedule"] {
                    // No event has contained it, so it does not exist.
                    let there = self.objects.contains_key(&object[field].to_string());
                    object[field] = if there { object[field].take() } else { Value::Null };
                }
                vec![object]
            }
            "invoice" => paid(object),
            "invoice_payment" => {
                flatten(&mut object, &["invoice"]);
                flatten(&mut object["payment"], &["payment_intent"]);
                vec![object]
            }
            "checkout.session" => {
                flatten(&mut object, &["customer", "payment_intent", "subscription"]);
                let intent = id_of(&object["payment_intent"]).map(|intent| intent_of(&intent, &object["customer"]));
                [object].into_iter().chain(intent).collect()
            }
            "charge" => {
                let intent = id_of(&object["payment_intent"]).unwrap_or_default();
                self.charged.insert(intent.clone(), object["amount_refunded"].as_i64().unwrap());
                let unknown = !self.objects.contains_key(&Value::from(intent.as_str()).to_string());
                let made = unknown.then(|| intent_of(&intent, &id_of(&object["customer"]).into()));
                self.remaining_refund(&intent).into_iter().chain(made).collect()
            }
            "refund" => {
                flatten(&mut object, &["charge", "payment_intent"]);
                let (id, intent) = (object["id"].to_string(), id_of(&object["payment_intent"]).unwrap_or_default());
                self.refunds.entry(intent.clone()).or_default().insert(id, object["amount"].as_i64().unwrap());
                [object].into_iter().chain(self.remaining_refund(&intent)).collect()
            }
            "dispute" => vec![disputed(object, kind, known)],
            "customer" if kind == "customer.deleted" => {
                vec![json!({ "id": object["id"], "object": "customer", "deleted": true })]
            }
            _ => Vec::new(),
        }
    }

    /// The refund that accounts for the rest, since a charge contains only the refunded total.
    fn remaining_refund(&self, intent: &str) -> Option<Value> {
        let charged = self.charged.get(intent)?;
        let known: i64 = self.refunds.get(intent).map_or(0, |refunds| refunds.values().sum());
        Some(json!({
            "id": intent.replacen("pi_", "re_of_", 1), "object": "refund", "created": 1, "currency": "usd",
            "amount": (charged - known).max(0), "status": "succeeded", "payment_intent": intent,
        }))
    }
}

fn paid(mut invoice: Value) -> Vec<Value> {
    let intent = id_of(&invoice["payment_intent"]).unwrap_or_else(|| paid_by(&invoice));
    flatten(&mut invoice, &["customer", "subscription", "payment_intent"]);
    let payment = json!({
        "id": invoice["id"].as_str().unwrap().replacen("in_", "inpay_", 1), "object": "invoice_payment",
        "invoice": invoice["id"], "status": "paid", "created": invoice["created"], "is_default": true,
        "livemode": false, "currency": "usd", "amount_paid": invoice["amount_paid"],
        "payment": { "type": "payment_intent", "payment_intent": intent },
    });
    let intent = intent_of(&intent, &invoice["customer"]);
    vec![invoice, payment, intent]
}

fn disputed(mut dispute: Value, kind: &str, known: Option<&Value>) -> Value {
    flatten(&mut dispute, &["charge", "payment_intent"]);
    let amount = dispute["amount"].as_i64().unwrap();
    dispute["balance_transactions"] = match kind {
        "charge.dispute.funds_withdrawn" => json!([{ "amount": -amount }]),
        "charge.dispute.funds_reinstated" => json!([{ "amount": -amount }, { "amount": amount }]),
        _ => known.map_or_else(|| json!([]), |known| known["balance_transactions"].clone()),
    };
    dispute
}

/// The id of the payment intent of an invoice made by tests.
fn paid_by(invoice: &Value) -> String {
    invoice["id"].as_str().unwrap().replacen("in_", "pi_", 1)
}

fn intent_of(id: &str, customer: &Value) -> Value {
    json!({ "id": id, "object": "payment_intent", "customer": customer, "created": 1, "status": "succeeded" })
}

fn id_of(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value["id"].as_str()).map(ToOwned::to_owned)
}

/// Turns expanded references into ids, by which the sandbox finds objects.
fn flatten(object: &mut Value, fields: &[&str]) {
    for field in fields {
        if let Some(id) = object[*field]["id"].as_str().map(ToOwned::to_owned) {
            object[*field] = id.into();
        }
    }
}
