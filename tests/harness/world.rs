//! What Stripe must have if an event of a test's own making is true: the sandbox serves it, since the gateway reads states
//! there and believes no event about them.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

/// What the events that were told so far make of Stripe's objects.
#[derive(Default)]
pub(crate) struct World {
    told: HashSet<String>,
    objects: HashMap<String, Value>,
    /// For each payment intent its refunds with their amounts.
    refunds: HashMap<String, HashMap<String, i64>>,
    /// For each payment intent how much its charge tells to be refunded.
    charged: HashMap<String, i64>,
}

impl World {
    /// What an event changes at Stripe. Told again or later, it changes nothing.
    pub(crate) fn learn(&mut self, event: &Value) -> Vec<Value> {
        let own = event["id"].as_str().is_some_and(|id| id.starts_with("evt_test_"));
        if !own || !self.told.insert(event["id"].to_string()) || !event["data"]["object"].is_object() {
            return Vec::new();
        }
        let changed = self.changed_by(event);
        for object in &changed {
            self.objects.insert(object["id"].to_string(), object.clone());
        }
        changed
    }

    /// Everything that there is.
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
                flatten(&mut object, &["customer", "latest_invoice", "schedule"]);
                for field in ["latest_invoice", "schedule"] {
                    // What was never told is not there.
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
                self.untold_refund(&intent).into_iter().chain(made).collect()
            }
            "refund" => {
                flatten(&mut object, &["charge", "payment_intent"]);
                let (id, intent) = (object["id"].to_string(), id_of(&object["payment_intent"]).unwrap_or_default());
                self.refunds.entry(intent.clone()).or_default().insert(id, object["amount"].as_i64().unwrap());
                [object].into_iter().chain(self.untold_refund(&intent)).collect()
            }
            "dispute" => vec![disputed(object, kind, known)],
            "customer" if kind == "customer.deleted" => {
                vec![json!({ "id": object["id"], "object": "customer", "deleted": true })]
            }
            _ => Vec::new(),
        }
    }

    /// A charge tells only how much was refunded: the rest over the refunds that were told is one more.
    fn untold_refund(&self, intent: &str) -> Option<Value> {
        let charged = self.charged.get(intent)?;
        let told: i64 = self.refunds.get(intent).map_or(0, |refunds| refunds.values().sum());
        Some(json!({
            "id": intent.replacen("pi_", "re_of_", 1), "object": "refund", "created": 1, "currency": "usd",
            "amount": (charged - told).max(0), "status": "succeeded", "payment_intent": intent,
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

/// The payment that an invoice of the tests was paid by.
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
