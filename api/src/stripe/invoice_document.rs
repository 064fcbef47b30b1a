//! Invoices as their customer sees them: with a number, lines in words, taxes and a document to keep.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{
    Failure, InvoiceStatus, Stripe, known_id,
    object::{self, List, Period, Unreadable},
};

/// An invoice with what a customer reads on it. Stripe documentation: "The Invoice object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InvoiceDocument {
    /// The id, `in_...`.
    pub id: String,
    /// The number on the invoice, once it is final.
    pub number: Option<String>,
    /// When it was created.
    #[serde(deserialize_with = "object::time")]
    pub created: DateTime<Utc>,
    /// The status.
    pub status: InvoiceStatus,
    /// The currency, three lower-case letters.
    pub currency: String,
    /// The total with taxes and without discounts, in the smallest unit of the currency (cents). Negative for a credit.
    #[serde(deserialize_with = "object::signed_amount")]
    pub total: i64,
    /// The taxes in the total.
    #[serde(rename = "total_taxes", default, deserialize_with = "sum")]
    pub tax: i64,
    /// The part that is still to be paid.
    #[serde(default, deserialize_with = "object::or_default")]
    pub amount_remaining: i64,
    /// The lines.
    #[serde(default, deserialize_with = "object::or_default")]
    pub lines: List<DocumentLine>,
    /// The metadata that its creator set.
    #[serde(default, deserialize_with = "object::or_default")]
    metadata: BTreeMap<String, String>,
    /// The page where the customer sees and pays it.
    #[serde(rename = "hosted_invoice_url")]
    pub hosted_url: Option<String>,
    /// The PDF.
    #[serde(rename = "invoice_pdf")]
    pub pdf_url: Option<String>,
}

/// A line of an invoice in words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DocumentLine {
    /// The text.
    pub description: Option<String>,
    /// The amount in the smallest unit of the currency (cents); negative where something unused is credited.
    #[serde(deserialize_with = "object::signed_amount")]
    pub amount: i64,
    /// The quantity.
    pub quantity: Option<i64>,
    /// The time in which the service is provided; a moment where it is none.
    pub period: Period,
}

/// A tax of an invoice.
#[derive(Deserialize)]
struct Tax {
    #[serde(deserialize_with = "object::signed_amount")]
    amount: i64,
}

/// Deserializes a list of taxes as their sum.
fn sum<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let taxes = Option::<Vec<Tax>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(taxes.iter().map(|tax| tax.amount).sum())
}

/// A part of a customer's invoices, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoicePage {
    /// The invoices.
    pub invoices: Vec<InvoiceDocument>,
    /// True where older ones follow.
    pub has_more: bool,
}

impl InvoiceDocument {
    /// The time for which the customer pays: that of all lines together, or `None` where nothing lasts.
    #[must_use]
    pub fn period(&self) -> Option<Period> {
        let lines = || self.lines.data.iter().map(|line| line.period).filter(|period| period.start < period.end);
        let start = lines().map(|period| period.start).min()?;
        let end = lines().map(|period| period.end).max()?;
        Some(Period { start, end })
    }

    /// The credits in the pack that was bought; `None` where the invoice is for another item.
    #[must_use]
    pub fn credits(&self) -> Option<i64> {
        self.metadata.get("purchase_type").filter(|kind| *kind == "one_time")?;
        self.metadata.get("credits")?.parse().ok()
    }

    /// Reads an invoice.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        object::read("invoice", value)
    }
}

impl Stripe {
    /// Lists a customer's invoices that follow `after`, at most `limit`, 1 to 100. Stripe documentation: "List all invoices".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoice_documents(
        &self,
        customer: &str,
        limit: u64,
        after: Option<&str>,
    ) -> Result<InvoicePage, Failure> {
        let mut query = json!({ "customer": known_id(customer)?, "limit": limit });
        if let Some(after) = after {
            query["starting_after"] = known_id(after)?.into();
        }
        let reply = self.get("list invoices of a customer", "/invoices", &query).await?;
        let objects = reply["data"].as_array().ok_or_else(|| Unreadable::missing("list of invoices: data"))?;
        let mut invoices = objects.iter().map(InvoiceDocument::from_value).collect::<Result<Vec<_>, _>>()?;
        for invoice in invoices.iter_mut().filter(|invoice| invoice.lines.has_more) {
            invoice.lines = self.document_lines(&invoice.id).await?;
        }
        Ok(InvoicePage { invoices, has_more: reply["has_more"] == true })
    }

    async fn document_lines(&self, invoice: &str) -> Result<List<DocumentLine>, Failure> {
        let path = format!("/invoices/{}/lines", known_id(invoice)?);
        let lines = self.list_all("list invoice lines", &path, &json!({})).await?;
        let data = lines.iter().map(|line| object::read("invoice.lines", line)).collect::<Result<_, _>>()?;
        Ok(List { data, has_more: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({
            "id": "in_1", "object": "invoice", "number": "ABC-0001", "created": 1_790_000_000, "status": "paid",
            "currency": "usd", "total": 594, "total_taxes": [{ "amount": 90 }, { "amount": 5 }], "amount_remaining": 0,
            "hosted_invoice_url": "https://invoice.example/1", "invoice_pdf": "https://invoice.example/1/pdf",
            "lines": { "object": "list", "has_more": false, "data": [
                { "id": "il_1", "description": "1 × Core", "amount": 499, "quantity": 1,
                  "period": { "start": 1_790_000_000, "end": 1_792_592_000 } },
            ] },
        })
    }

    #[test]
    fn an_invoice_is_read_with_its_taxes_and_its_period() {
        let invoice = InvoiceDocument::from_value(&document()).unwrap();
        assert_eq!((invoice.number.as_deref(), invoice.total, invoice.tax), (Some("ABC-0001"), 594, 95));
        let period = invoice.period().unwrap();
        assert_eq!((period.start.timestamp(), period.end.timestamp()), (1_790_000_000, 1_792_592_000));
    }

    #[test]
    fn a_purchase_has_no_period_and_a_draft_no_number() {
        let mut draft = document();
        for field in ["number", "total_taxes", "hosted_invoice_url", "invoice_pdf"] {
            draft[field] = Value::Null;
        }
        draft["status"] = json!("draft");
        draft["lines"]["data"][0]["period"]["end"] = json!(1_790_000_000);
        let draft = InvoiceDocument::from_value(&draft).unwrap();
        assert_eq!((draft.status, draft.number.clone(), draft.tax), (InvoiceStatus::Draft, None, 0));
        assert_eq!(draft.period(), None);
    }

    #[test]
    fn a_missing_field_is_named() {
        for field in ["id", "created", "status", "currency", "total"] {
            let mut value = document();
            value.as_object_mut().unwrap().remove(field);
            let what = InvoiceDocument::from_value(&value).unwrap_err().what;
            assert!(what.starts_with("invoice: ") && what.contains(field), "{what}");
        }
    }
}
