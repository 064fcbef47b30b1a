//! Compares the money kept from a user, by Stripe's objects alone, with the credits that the gateway granted.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    checkout::at_stripe,
    harness::{Actor, TestApp},
};

/// The price of 100 credits in the cheapest plan, in cents.
const HUNDRED_CREDITS: i64 = 1499;

/// The price of 25 credits at the dearest plan, in cents.
const TWENTY_FIVE_CREDITS: i64 = 499;

/// Seconds for which unlimited outlasts its period.
const GRACE: i64 = 3 * 24 * 60 * 60;

const LEDGER: &str = "{ ledger(first: 100) { nodes { changeType creditsDelta reference } pageInfo { hasNextPage } } }";

/// A pack or a period of a subscription.
#[derive(Debug, Default)]
struct Purchase {
    /// Cents that were kept and bought credits.
    kept: i64,
    /// Cents that were kept and bought unlimited exports.
    kept_for_studio: i64,
    /// Number of payments for unlimited exports, returned or not.
    payments_for_studio: i64,
    /// Number of payments that were partly or fully returned.
    returned: i64,
    /// The period's end, unless it is a pack.
    end: i64,
    credits: i64,
}

/// The money and credits of a user, by the reference of each purchase in the ledger.
pub(super) struct Books {
    purchases: HashMap<String, Purchase>,
    pub(super) charges: usize,
    unlimited: bool,
    /// The user has an active subscription to STUDIO.
    has_studio: bool,
    now: i64,
}

/// The payments that succeeded.
pub(super) async fn charges(app: &TestApp) -> Vec<Value> {
    let mut charges = list(app, "charges").await;
    charges.retain(|charge| charge["paid"] == true);
    charges
}

async fn list(app: &TestApp, what: &str) -> Vec<Value> {
    let page = at_stripe(app, &format!("/v1/{what}?limit=100")).await;
    assert_eq!(page["has_more"], false, "more {what} than one page");
    page["data"].as_array().unwrap().clone()
}

impl Books {
    pub(super) async fn read(app: &TestApp, user: &Actor) -> Self {
        let (charges, disputes) = (charges(app).await, list(app, "disputes").await);
        let (invoices, paid) = (list(app, "invoices").await, list(app, "invoice_payments").await);
        let mut purchases: HashMap<String, Purchase> = HashMap::new();
        for charge in &charges {
            let payment = &charge["payment_intent"];
            let invoice = paid.iter().find(|paid| paid["payment"]["payment_intent"] == *payment);
            let invoice = invoice.and_then(|paid| invoices.iter().find(|invoice| invoice["id"] == paid["invoice"]));
            // The ledger names a pack by its payment, although it has an invoice too.
            let invoice = invoice.filter(|invoice| invoice["parent"]["subscription_details"].is_object());
            let (name, end, studio) =
                invoice.map_or_else(|| (payment.as_str().unwrap().to_owned(), 0, false), period_of);
            let amount = charge["amount"].as_i64().unwrap();
            let kept = (amount - charge["amount_refunded"].as_i64().unwrap() - held(charge, &disputes)).max(0);
            let purchase = purchases.entry(name).or_default();
            purchase.end = end;
            purchase.returned += i64::from(kept < amount);
            purchase.payments_for_studio += i64::from(studio);
            *(if studio { &mut purchase.kept_for_studio } else { &mut purchase.kept }) += kept;
        }
        let ledger = user.gets(LEDGER, json!({})).await;
        assert_eq!(ledger["pageInfo"]["hasNextPage"], false, "more entries than one page");
        for entry in ledger["nodes"].as_array().unwrap() {
            let credits = entry["creditsDelta"].as_i64().unwrap();
            if entry["changeType"] != "SPEND" && credits != 0 {
                purchases.entry(entry["reference"].as_str().unwrap().to_owned()).or_default().credits += credits;
            }
        }
        let unlimited = user.balance().await["unlimited"] == true;
        let subscription = user.subscription().await;
        let has_studio = subscription["tier"] == "STUDIO" && subscription["status"] == "ACTIVE";
        Self { purchases, charges: charges.len(), unlimited, has_studio, now: app.sandbox().now() }
    }

    /// Checks that no credit was cheaper than in the cheapest plan, except for half a credit of rounding per returned payment,
    /// and that nobody has unlimited exports without having paid for them.
    pub(super) fn are_honest(&self, story: &[String]) {
        for (name, purchase) in &self.purchases {
            // An upgrade from a cheaper plan to STUDIO has paid for both in one period.
            let kept = purchase.kept + purchase.kept_for_studio;
            let paid_for = 200 * kept + HUNDRED_CREDITS * purchase.returned;
            let honest = 2 * HUNDRED_CREDITS * purchase.credits <= paid_for;
            assert!(honest, "{name} was too cheap: {purchase:?}\n{story:#?}");
        }
        let kept = |purchase: &Purchase| purchase.kept_for_studio > 0 && purchase.end + GRACE > self.now;
        let paid = !self.unlimited || self.purchases.values().any(kept);
        assert!(paid, "unlimited for nothing: {:#?}\n{story:#?}", self.purchases);
    }

    /// Checks that no kept money bought fewer credits than in the dearest plan, except for half a credit of rounding per returned
    /// payment, and that a paid STUDIO subscription has unlimited exports. (A pack has a minimum price. A refund in a period
    /// with STUDIO takes the same share of all of its credits.)
    pub(super) fn are_fair(&self, story: &[String]) {
        let periods = self.purchases.iter().filter(|(_, purchase)| purchase.end > 0);
        for (name, purchase) in periods.filter(|(_, purchase)| purchase.payments_for_studio * purchase.returned == 0) {
            let got = 2 * TWENTY_FIVE_CREDITS * purchase.credits + TWENTY_FIVE_CREDITS * purchase.returned;
            assert!(got >= 50 * purchase.kept, "{name} lost credits: {purchase:?}\n{story:#?}");
        }
        let paid =
            |purchase: &Purchase| purchase.kept_for_studio > 0 && purchase.returned == 0 && purchase.end > self.now;
        let due = self.has_studio && self.purchases.values().any(paid);
        assert!(self.unlimited || !due, "STUDIO without unlimited: {:#?}\n{story:#?}", self.purchases);
    }

    /// Checks that an upgrade has paid the whole price of its plan for the period, in any number of payments.
    pub(super) fn paid_in_full(&self, tier: &str, story: &[String]) {
        let price = match tier {
            "STUDIO" => 2999,
            "PRO" => 1499,
            _ => 499,
        };
        let newest = self.purchases.values().max_by_key(|purchase| purchase.end).unwrap();
        let paid = newest.kept + newest.kept_for_studio;
        assert!(paid >= price, "{tier} for {paid} cents: {newest:?}\n{story:#?}");
    }
}

/// The period of an invoice: its reference in the ledger, its end, and true if it paid for STUDIO.
fn period_of(invoice: &Value) -> (String, i64, bool) {
    let lines = invoice["lines"]["data"].as_array().unwrap();
    let line = lines.iter().find(|line| line["amount"].as_i64() > Some(0)).unwrap();
    let subscription = invoice["parent"]["subscription_details"]["subscription"].as_str().unwrap();
    let end = line["period"]["end"].as_i64().unwrap();
    (format!("{subscription}:{end}"), end, line["pricing"]["price_details"]["price"] == "price_studio")
}

/// Cents that banks hold back of a payment, or took for good.
fn held(charge: &Value, disputes: &[Value]) -> i64 {
    let holds = |dispute: &&Value| {
        let status = dispute["status"].as_str().unwrap();
        dispute["charge"] == charge["id"] && ["needs_response", "under_review", "lost"].contains(&status)
    };
    disputes.iter().filter(holds).map(|dispute| dispute["amount"].as_i64().unwrap()).sum()
}
