//! Payloads that Stripe has really sent, if some are installed, are answered with 200, stored and settled: once about another's
//! customer, as they are, and once about a customer of ours. The sandbox serves the objects as Stripe would, so that looks
//! find them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use entity::{
    Tier,
    event::{Model, Status},
};
use patch_hive::config::{Config, PriceIds};
use serde_json::{Value, json};

use super::{
    known_user,
    payloads::{Version, event as envelope, fresh},
    stored,
};
use crate::{
    checkout::on_both,
    harness::{Actor, TestApp},
};

/// Names the folder of the payloads.
const FOLDER: &str = "PATCH_HIVE_FIXTURES";

/// Parts of names of files that hold objects to copy from, and no event.
const TEMPLATES: [&str; 3] = [".derived.", ".subset.", "response."];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".json") && !TEMPLATES.iter().any(|part| name.contains(part))
    });
    files.extend(folders.iter().flat_map(|folder| self::files(folder)));
    files.sort();
    files
}

/// The event in a file, or made of the object in it and its name.
fn event(file: &Path) -> Value {
    let value: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    if value["object"] == "event" {
        return value;
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().replace(".data.json", "");
    let mut event = envelope(Version::March2020, &name, 1_745_433_962, value["object"].clone());
    event["data"] = value;
    event
}

/// The ids of all prices and plans that a payload names.
fn prices(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let own = ["price", "plan"].contains(&value["object"].as_str().unwrap_or_default());
            let id = if own { &value["id"] } else { &value["price"] };
            found.extend(id.as_str().map(ToOwned::to_owned));
            fields.values().for_each(|inner| prices(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| prices(inner, found)),
        _ => {}
    }
}

/// The event as if it were about a customer of ours, in test mode, and about a pack of ours where it is about a payment.
fn of_ours(recorded: &Value, customer: &str) -> Value {
    let mut ours = recorded.clone();
    ours["id"] = format!("evt_test_{}", fresh()).into();
    ours["livemode"] = false.into();
    let object = &mut ours["data"]["object"];
    object["livemode"] = false.into();
    object["customer"] = customer.into();
    if object["mode"] == "payment" {
        object["metadata"] = json!({ "purchase_type": "one_time", "credits": "25" });
    }
    ours
}

/// Serves who paid, and for which invoice: payloads of charges, refunds and disputes name neither, but Stripe has both.
fn serve_payment(app: &TestApp, object: &Value, customer: &str, invoice: Option<&Value>) {
    let Some(payment) = object["payment_intent"].as_str() else { return };
    app.sandbox().adopt(json!({ "id": payment, "object": "payment_intent", "customer": customer, "created": 1 }));
    let Some(invoice) = invoice else { return };
    app.sandbox().adopt(json!({
        "id": payment.replacen("pi_", "inpay_", 1), "object": "invoice_payment", "invoice": invoice["id"],
        "status": "paid", "created": 1, "payment": { "type": "payment_intent", "payment_intent": payment },
    }));
}

/// Sends an event, which is answered 200, and returns its row in the inbox.
async fn outcome(app: &TestApp, event: &Value, file: &Path) -> Model {
    let (status, answer) = app.receives(event).await;
    assert_eq!(status, 200, "{}: {answer}", file.display());
    app.has_looked().await;
    let stored = stored(app, event).await.unwrap_or_else(|| panic!("{} was not stored", file.display()));
    eprintln!("{}: {:?}, {:?}", file.display(), stored.status, stored.error);
    stored
}

/// A recorded payload.
struct Recording {
    file: PathBuf,
    event: Value,
}

impl Recording {
    fn object(&self) -> &Value {
        &self.event["data"]["object"]
    }

    /// The customer, where the payload names one.
    fn customer(&self) -> &str {
        self.object()["customer"].as_str().unwrap_or("nobody")
    }

    /// True for a payload of this kind about the same customer and amount.
    fn is_about(&self, kind: &str, customer: &str, paid: &Value) -> bool {
        self.object()["object"] == kind && self.customer() == customer && {
            let amount = if kind == "invoice" { "amount_paid" } else { "amount" };
            self.object()[amount] == *paid
        }
    }
}

/// The credits that a customer keeps: 25 for each pack and each invoice that cost something and was not refunded.
fn kept(recorded: &[Recording], customer: &str) -> i64 {
    let of_customer = recorded.iter().filter(|one| one.customer() == customer);
    let paid = of_customer.filter_map(|one| match one.object()["object"].as_str()? {
        "invoice" => Some(&one.object()["amount_paid"]),
        "checkout.session" if one.object()["mode"] == "payment" => Some(&one.object()["amount_total"]),
        _ => None,
    });
    let refunded = |paid: &&Value| recorded.iter().any(|one| one.is_about("charge", customer, paid));
    25 * i64::try_from(paid.filter(|paid| **paid != 0 && !refunded(paid)).count()).unwrap()
}

/// Objects that the payloads carry in full are applied. A payment may have paid for something that nobody recorded.
fn is_settled(event: &Value, stored: &Model) -> bool {
    let whole = ["customer.subscription.", "checkout.session.completed", "invoice.paid", "invoice.payment_succeeded"];
    let whole = whole.iter().any(|kind| event["type"].as_str().unwrap().starts_with(kind));
    stored.status == Status::Applied || !whole && stored.status == Status::Ignored
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_payload_is_answered_200_and_settled() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let files = files(Path::new(&folder));
    assert!(!files.is_empty(), "{FOLDER} names a folder without payloads");
    let recorded: Vec<_> = files.into_iter().map(|file| Recording { event: event(&file), file }).collect();
    let mut known = BTreeSet::new();
    for one in &recorded {
        prices(&one.event, &mut known);
    }
    let known: Vec<_> = known.into_iter().collect();
    let sell_them = |config: &mut Config| {
        let of = |tier: &str| vec![format!("price_{tier}")];
        let prices = vec![(Tier::Core, known.clone()), (Tier::Pro, of("pro")), (Tier::Studio, of("studio"))];
        config.stripe.as_mut().unwrap().prices = PriceIds::new(prices).unwrap();
    };
    on_both(sell_them, async |app| {
        let mut users = BTreeMap::<&str, (Actor, String)>::new();
        for one in &recorded {
            if !users.contains_key(one.customer()) {
                let user = known_user(&app, &format!("user{}", users.len())).await;
                users.insert(one.customer(), user);
            }
        }
        let ours: Vec<_> = recorded.iter().map(|one| of_ours(&one.event, &users[one.customer()].1)).collect();
        app.stripe_has(&ours);
        for one in &recorded {
            let (customer, amount) = (one.customer(), &one.object()["amount"]);
            let invoice = recorded.iter().find(|other| other.is_about("invoice", customer, amount));
            serve_payment(&app, one.object(), &users[customer].1, invoice.map(Recording::object));
        }
        for (one, ours) in recorded.iter().zip(&ours) {
            let foreign = outcome(&app, &one.event, &one.file).await;
            assert_eq!(foreign.status, Status::Ignored, "{}: {:?}", one.file.display(), foreign.error);
            let settled = outcome(&app, ours, &one.file).await;
            assert!(is_settled(ours, &settled), "{}: {:?}", one.file.display(), settled.error);
        }
        for (customer, (user, _)) in &users {
            assert_eq!(user.credits().await, kept(&recorded, customer), "{customer}");
        }
    })
    .await;
}
