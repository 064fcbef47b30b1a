//! Reading lines of invoices.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::object::{self, Period, Unreadable};

/// One line of an invoice. Stripe documentation: "The Invoice Line Item object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InvoiceLine {
    /// The amount in the smallest unit of the currency (cents); negative where something unused is credited. It is the
    /// amount before discounts, except for a share of a period where Stripe does not itemize the discounts of shares: then it
    /// is the amount after them. Stripe documentation: "Prorations and discounts".
    #[serde(deserialize_with = "object::signed_amount")]
    pub amount: i64,
    /// The discounts of the amount, where they are itemized.
    #[serde(rename = "discount_amounts", default, deserialize_with = "object::or_default")]
    discounts: Vec<DiscountAmount>,
    /// The price, or the plan where an old line has no price.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub price: Option<String>,
    /// The price of one unit, where the line carries the price itself: API versions before 2025-03-31 do.
    pub unit_amount: Option<i64>,
    /// The quantity.
    pub quantity: Option<i64>,
    /// True for a share of a period, billed for a change during the period.
    #[serde(default, deserialize_with = "object::or_default")]
    pub proration: bool,
    /// True for a share that credits what an earlier line has charged.
    #[serde(default, deserialize_with = "object::is_some")]
    credited_items: bool,
    /// The period of which this is a share. Only a look reads it; `None` where it is unknown, and in a trial, which is free.
    #[serde(skip)]
    pub whole: Option<Period>,
    /// The time in which the service is provided. (The invoice's own period is another one.)
    pub period: Period,
    /// The subscription it belongs to.
    #[serde(default, deserialize_with = "object::optional_id")]
    pub subscription: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct DiscountAmount {
    #[serde(deserialize_with = "object::signed_amount")]
    amount: i64,
}

impl InvoiceLine {
    /// Reads a line from a list of lines.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let mut value = value.clone();
        if let Some(line) = value.as_object_mut() {
            in_one_shape(line);
        }
        object::read("invoice.lines", &value)
    }

    /// True where it bills a share of a period, or credits one.
    #[must_use]
    pub const fn is_share(&self) -> bool {
        self.proration || self.amount < 0
    }

    /// True where it credits something. A discount of 100 % leaves nothing of the amount, and so no sign.
    #[must_use]
    pub const fn is_credit(&self) -> bool {
        self.amount < 0 || self.amount == 0 && self.credited_items
    }

    /// The amount after discounts, in the smallest unit of the currency (cents).
    #[must_use]
    pub fn net_amount(&self) -> i64 {
        self.amount - self.discounts.iter().map(|discount| discount.amount).sum::<i64>()
    }
}

/// Moves fields from `parent`, where they are since 2025-03-31, to their earlier places.
pub(super) fn in_one_shape(line: &mut Map<String, Value>) {
    let parent = line.get("parent").cloned().unwrap_or_default();
    let origins = ["subscription_item_details", "invoice_item_details"].map(|origin| &parent[origin]);
    if let Some(origin) = origins.into_iter().find(|origin| origin.is_object()) {
        for field in
            ["proration", "proration_details", "subscription"].into_iter().filter(|field| !origin[field].is_null())
        {
            line.insert(field.to_owned(), origin[field].clone());
        }
    }
    let details = line.get("proration_details").cloned().unwrap_or_default();
    line.insert("credited_items".to_owned(), details["credited_items"].clone());
    let plan = line.get("plan").cloned().unwrap_or_default();
    object::fill(line, "price", &plan);
    let own = line.get("price").cloned().unwrap_or_default();
    let priced = line.get("pricing").map(|pricing| pricing["price_details"]["price"].clone()).unwrap_or_default();
    let unit_amount = if priced.is_null() { own.get("unit_amount").or(own.get("amount")) } else { None };
    line.insert("unit_amount".to_owned(), unit_amount.cloned().unwrap_or_default());
    line.insert("price".to_owned(), if priced.is_null() { own } else { priced });
}
