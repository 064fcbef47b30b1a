//! What the customer portal offers.

use serde_json::{Value, json};

use super::{Failure, Stripe, Unreadable, known_id};

const PATH: &str = "/billing_portal/configurations";

/// Marks the configuration that the gateway made for itself.
const MARK: (&str, &str) = ("patch_hive", "patch-hive-portal-1");

/// A configuration of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalConfiguration {
    /// The id, `bpc_...`.
    pub id: String,
    /// Whether it offers just what it should.
    pub sound: bool,
}

impl Stripe {
    /// The gateway's own configuration, if there is one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn known_portal_configuration(&self) -> Result<Option<PortalConfiguration>, Failure> {
        let all = self.list_all(("list portal configurations", PATH), &json!({ "active": true })).await?;
        all.iter().find(|one| one["metadata"][MARK.0] == MARK.1).map(read).transpose()
    }

    /// A configuration by its id; `None` when Stripe knows none.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn portal_configuration(&self, id: &str) -> Result<Option<PortalConfiguration>, Failure> {
        let path = format!("{PATH}/{}", known_id(id)?);
        self.find(("retrieve portal configuration", &path)).await?.as_ref().map(read).transpose()
    }

    /// Makes the gateway's own configuration.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_portal_configuration(&self, key: &str) -> Result<PortalConfiguration, Failure> {
        let form = json!({ "features": features(), "metadata": { (MARK.0): MARK.1 } });
        read(&self.post(("create portal configuration", PATH), key, &form).await?)
    }

    /// Makes a configuration offer just what it should.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn mend_portal_configuration(&self, key: &str, id: &str) -> Result<PortalConfiguration, Failure> {
        let path = format!("{PATH}/{}", known_id(id)?);
        read(&self.post(("update portal configuration", &path), key, &json!({ "features": features() })).await?)
    }
}

/// In it plans are not switched, since that would go around what an upgrade costs here, and subscriptions end with their
/// period.
fn features() -> Value {
    json!({
        "invoice_history": { "enabled": true },
        "payment_method_update": { "enabled": true },
        "subscription_cancel": { "enabled": true, "mode": "at_period_end" },
        "subscription_update": { "enabled": false },
    })
}

fn read(configuration: &Value) -> Result<PortalConfiguration, Failure> {
    let id = configuration["id"].as_str().ok_or_else(|| Unreadable::missing("portal configuration.id"))?;
    let (offered, wanted) = (&configuration["features"], features());
    let sound = wanted.as_object().is_some_and(|wanted| {
        wanted.iter().all(|(feature, fields)| {
            let fields = fields.as_object().into_iter().flatten();
            fields.into_iter().all(|(field, value)| offered[feature][field] == *value)
        })
    });
    Ok(PortalConfiguration { id: id.to_owned(), sound })
}
