//! Reading whether Stripe Tax is set up, and how taxes relate to prices.

use serde_json::{Value, json};

use super::{Failure, Stripe, Unreadable, known_id};

/// The status of Stripe Tax in an account. Stripe documentation: "The Tax Settings object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaxStatus {
    /// Taxes can be computed.
    Active,
    /// Something is missing.
    Pending {
        /// The missing settings, as Stripe names them.
        missing: Vec<String>,
    },
}

/// The relation of taxes to a price. Stripe documentation: "Products, prices, tax codes, and tax behavior".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxBehavior {
    /// Taxes are added to the price.
    Exclusive,
    /// The price includes the taxes.
    Inclusive,
}

impl TaxBehavior {
    /// `None` where it is not specified. One that is inferred by the currency is exclusive in US dollars.
    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "inclusive" => Some(Self::Inclusive),
            "exclusive" | "inferred_by_currency" => Some(Self::Exclusive),
            _ => None,
        }
    }
}

impl Stripe {
    /// The relation of taxes to prices that do not specify it themselves; `None` where the account does not either.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn default_tax_behavior(&self) -> Result<Option<TaxBehavior>, Failure> {
        let settings = self.get("read tax settings", "/tax/settings", &json!({})).await?;
        Ok(TaxBehavior::read(&settings["defaults"]["tax_behavior"]))
    }

    /// The relation of taxes to a price, where the price specifies it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn tax_behavior(&self, price: &str) -> Result<Option<TaxBehavior>, Failure> {
        let path = format!("/prices/{}", known_id(price)?);
        let found = self.find("retrieve price", &path, &json!({})).await?;
        Ok(found.and_then(|price| TaxBehavior::read(&price["tax_behavior"])))
    }

    /// The status of Stripe Tax.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn tax_status(&self) -> Result<TaxStatus, Failure> {
        let settings = self.get("read tax settings", "/tax/settings", &json!({})).await?;
        let status = settings["status"].as_str().ok_or_else(|| Unreadable::missing("tax settings: status"))?;
        if status == "active" {
            return Ok(TaxStatus::Active);
        }
        let missing = settings["status_details"]["pending"]["missing_fields"].as_array().into_iter().flatten();
        let missing = missing.filter_map(|field| field.as_str().map(str::to_owned)).collect();
        Ok(TaxStatus::Pending { missing })
    }
}
