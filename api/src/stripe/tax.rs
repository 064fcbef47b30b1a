//! Reading whether Stripe Tax is set up.

use super::{Failure, Stripe, Unreadable};

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

impl Stripe {
    /// The status of Stripe Tax.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn tax_status(&self) -> Result<TaxStatus, Failure> {
        let settings = self.get("read tax settings", "/tax/settings", &serde_json::json!({})).await?;
        let status = settings["status"].as_str().ok_or_else(|| Unreadable::missing("tax settings: status"))?;
        if status == "active" {
            return Ok(TaxStatus::Active);
        }
        let missing = settings["status_details"]["pending"]["missing_fields"].as_array().into_iter().flatten();
        let missing = missing.filter_map(|field| field.as_str().map(str::to_owned)).collect();
        Ok(TaxStatus::Pending { missing })
    }
}
