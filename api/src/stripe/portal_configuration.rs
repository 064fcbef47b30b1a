//! The features that the customer portal offers.

use serde_json::{Value, json};

use super::{Failure, Stripe, Unreadable, known_id};

const PATH: &str = "/billing_portal/configurations";

/// The metadata that marks the configuration that the gateway created.
const MARK: (&str, &str) = ("patch_hive", "patch-hive-portal-1");

/// A configuration of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalConfiguration {
    /// The id, `bpc_...`.
    pub id: String,
    /// True where it offers exactly what it should.
    pub sound: bool,
}

impl Stripe {
    /// The gateway's own configuration, if there is one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn known_portal_configuration(&self) -> Result<Option<PortalConfiguration>, Failure> {
        let all = self.list_all("list portal configurations", PATH, &json!({ "active": true })).await?;
        match all.iter().find(|one| one["metadata"][MARK.0] == MARK.1) {
            Some(known) => self.compare(known).await.map(Some),
            None => Ok(None),
        }
    }

    /// A configuration by its id; `None` when it does not exist.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn portal_configuration(&self, id: &str) -> Result<Option<PortalConfiguration>, Failure> {
        let path = format!("{PATH}/{}", known_id(id)?);
        match self.find("retrieve portal configuration", &path, &json!({})).await? {
            Some(found) => self.compare(&found).await.map(Some),
            None => Ok(None),
        }
    }

    /// Creates the gateway's own configuration.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_portal_configuration(&self, key: &str) -> Result<PortalConfiguration, Failure> {
        let methods = self.plan_payment_methods(&format!("{key}-methods")).await?;
        let form = json!({ "features": features(Some(&methods)), "metadata": { (MARK.0): MARK.1 } });
        let created = self.post("create portal configuration", PATH, key, &form).await?;
        self.compare(&created).await
    }

    /// Makes a configuration offer exactly what it should.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn update_portal_configuration(&self, key: &str, id: &str) -> Result<PortalConfiguration, Failure> {
        let methods = self.plan_payment_methods(&format!("{key}-methods")).await?;
        let path = format!("{PATH}/{}", known_id(id)?);
        let form = json!({ "features": features(Some(&methods)) });
        let updated = self.post("update portal configuration", &path, key, &form).await?;
        self.compare(&updated).await
    }

    async fn compare(&self, configuration: &Value) -> Result<PortalConfiguration, Failure> {
        let id = configuration["id"].as_str().ok_or_else(|| Unreadable::missing("portal configuration.id"))?;
        let methods = configuration["features"]["payment_method_update"]["payment_method_configuration"].as_str();
        let sound = match methods {
            Some(methods) => has_features(configuration) && self.are_plan_payment_methods(methods).await?,
            // Every payment method of the account is offered.
            None => false,
        };
        Ok(PortalConfiguration { id: id.to_owned(), sound })
    }
}

/// The features of the portal. Plans are not changed there, which would charge less for an upgrade than `changePlan` does;
/// subscriptions end with their period; and the payment methods are those of checkouts.
fn features(payment_methods: Option<&str>) -> Value {
    let mut features = json!({
        "invoice_history": { "enabled": true },
        "payment_method_update": { "enabled": true },
        "subscription_cancel": { "enabled": true, "mode": "at_period_end" },
        "subscription_update": { "enabled": false },
    });
    if let Some(payment_methods) = payment_methods {
        features["payment_method_update"]["payment_method_configuration"] = payment_methods.into();
    }
    features
}

/// True where a configuration has the features that it should, whatever its payment methods are.
fn has_features(configuration: &Value) -> bool {
    let wanted = features(None);
    wanted.as_object().into_iter().flatten().all(|(feature, fields)| {
        let offered = &configuration["features"][feature];
        fields.as_object().into_iter().flatten().all(|(field, value)| offered[field] == *value)
    })
}
