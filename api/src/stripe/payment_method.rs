//! Payment methods: those that plans are sold for, and the one that a customer has saved.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stripe_checkout::checkout_session::CreateCheckoutSessionExcludedPaymentMethodTypes as Excluded;

use super::{
    Failure, Stripe, Unreadable, known_id,
    object::{self, fill},
};

/// Payment methods whose payment is confirmed days later. No plan is sold for them: Stripe marks a subscription active while
/// such a payment is still processing, and does not support them for upgrades that wait for their payment. Stripe
/// documentation: "Payment method support", "Delayed notification"; "Pending updates".
const DELAYED: [(&str, Excluded); 12] = [
    ("acss_debit", Excluded::AcssDebit),
    ("au_becs_debit", Excluded::AuBecsDebit),
    ("bacs_debit", Excluded::BacsDebit),
    ("boleto", Excluded::Boleto),
    ("customer_balance", Excluded::CustomerBalance),
    ("konbini", Excluded::Konbini),
    ("multibanco", Excluded::Multibanco),
    ("nz_bank_account", Excluded::NzBankAccount),
    ("oxxo", Excluded::Oxxo),
    ("sepa_debit", Excluded::SepaDebit),
    ("sofort", Excluded::Sofort),
    ("us_bank_account", Excluded::UsBankAccount),
];

/// True for payment methods whose payment is confirmed days later. `kind` is Stripe's type of a payment method.
#[must_use]
pub fn is_delayed(kind: &str) -> bool {
    DELAYED.iter().any(|(delayed, _)| *delayed == kind)
}

/// The payment methods that a checkout does not offer, if it is of a plan or saves a card.
pub(super) fn excluded() -> Vec<Excluded> {
    DELAYED.iter().map(|(_, excluded)| excluded.clone()).collect()
}

/// A saved payment method. Stripe documentation: "The Payment Method object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PaymentMethod {
    /// Its type, as Stripe names it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The brand of a card, or the name of a bank.
    pub brand: Option<String>,
    /// The last four digits of the number.
    pub last4: Option<String>,
    /// The month in which a card expires, 1 to 12.
    #[serde(rename = "exp_month")]
    pub expiry_month: Option<i32>,
    /// The year in which a card expires.
    #[serde(rename = "exp_year")]
    pub expiry_year: Option<i32>,
}

impl PaymentMethod {
    /// Reads a payment method. Its details are in a field that is named after its type.
    ///
    /// # Errors
    /// [`Unreadable`] names the field that is missing or invalid.
    pub fn from_value(value: &Value) -> Result<Self, Unreadable> {
        let kind = value["type"].as_str().unwrap_or_default();
        let details = &value[kind];
        let mut fields = Map::new();
        for field in ["brand", "last4", "exp_month", "exp_year"] {
            fill(&mut fields, field, &details[field]);
        }
        fill(&mut fields, "brand", &details["bank_name"]);
        fill(&mut fields, "type", &value["type"]);
        object::read("payment_method", &Value::Object(fields))
    }
}

const PATH: &str = "/payment_method_configurations";

/// Names the configuration that the gateway creates for its portal.
const NAME: &str = "Patch-Hive plans";

/// The idempotency key under which concurrent requests create one configuration.
const KEY: &str = "patch-hive-payment-methods-1";

impl Stripe {
    /// The configuration (`pmc_...`) that offers in the portal what checkouts of plans offer: created if there is none, and
    /// updated under `key` where it has been changed. Stripe documentation: "Payment Method Configurations".
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn plan_payment_methods(&self, key: &str) -> Result<String, Failure> {
        let known = self.list_all("list payment method configurations", PATH, &json!({})).await?;
        let configuration = match known.into_iter().find(|known| known["name"] == NAME && known["active"] == true) {
            Some(known) if offers_no_delayed(&known) => known,
            Some(known) => {
                let path = format!("{PATH}/{}", known_id(id(&known)?)?);
                self.post("update payment method configuration", &path, key, &form()).await?
            }
            None => self.post("create payment method configuration", PATH, KEY, &form()).await?,
        };
        Ok(id(&configuration)?.to_owned())
    }

    /// The payment method that a subscription charges: its own, or else its customer's default.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn payment_method_of(&self, subscription: &str) -> Result<Option<PaymentMethod>, Failure> {
        let path = format!("/subscriptions/{}", known_id(subscription)?);
        let expand = ["default_payment_method", "customer.invoice_settings.default_payment_method"];
        let reply = self.get("retrieve subscription", &path, &json!({ "expand": expand })).await?;
        let own = &reply["default_payment_method"];
        saved(if own.is_null() { &reply["customer"] } else { own })
    }

    /// The payment method that a customer's invoices charge by default.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn default_payment_method(&self, customer: &str) -> Result<Option<PaymentMethod>, Failure> {
        let path = format!("/customers/{}", known_id(customer)?);
        let query = json!({ "expand": ["invoice_settings.default_payment_method"] });
        saved(&self.get("retrieve customer", &path, &query).await?)
    }

    /// True where a configuration offers no payment method that checkouts of plans exclude.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn are_plan_payment_methods(&self, id: &str) -> Result<bool, Failure> {
        let path = format!("{PATH}/{}", known_id(id)?);
        let found = self.find("retrieve payment method configuration", &path, &json!({})).await?;
        Ok(found.is_some_and(|configuration| offers_no_delayed(&configuration)))
    }
}

/// The payment method, or the default one of a customer.
fn saved(value: &Value) -> Result<Option<PaymentMethod>, Failure> {
    let method =
        if value["object"] == "customer" { &value["invoice_settings"]["default_payment_method"] } else { value };
    Ok(Some(method).filter(|method| method.is_object()).map(PaymentMethod::from_value).transpose()?)
}

fn id(configuration: &Value) -> Result<&str, Unreadable> {
    configuration["id"].as_str().ok_or_else(|| Unreadable::missing("payment method configuration.id"))
}

fn offers_no_delayed(configuration: &Value) -> bool {
    DELAYED.iter().all(|(kind, _)| configuration[kind]["display_preference"]["value"] != "on")
}

fn form() -> Value {
    let mut form = json!({ "name": NAME });
    for (kind, _) in DELAYED {
        form[kind] = json!({ "display_preference": { "preference": "off" } });
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_has_a_brand_and_an_expiry_and_a_bank_account_a_bank() {
        let card =
            json!({ "type": "card", "card": { "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040 } });
        let card = PaymentMethod::from_value(&card).unwrap();
        assert_eq!((card.brand.as_deref(), card.last4.as_deref()), (Some("visa"), Some("4242")));
        assert_eq!((card.expiry_month, card.expiry_year), (Some(12), Some(2040)));
        let account =
            json!({ "type": "us_bank_account", "us_bank_account": { "bank_name": "A BANK", "last4": "6789" } });
        let account = PaymentMethod::from_value(&account).unwrap();
        assert_eq!((account.brand.as_deref(), account.last4.as_deref()), (Some("A BANK"), Some("6789")));
        assert_eq!(account.expiry_month, None);
        assert!(is_delayed(&account.kind));
    }

    #[test]
    fn a_method_that_stripe_adds_later_is_read_by_its_type() {
        let method = PaymentMethod::from_value(&json!({ "type": "barter", "barter": { "goods": "eggs" } })).unwrap();
        assert_eq!((method.kind.as_str(), method.last4), ("barter", None));
        let what = PaymentMethod::from_value(&json!({ "id": "pm_1" })).unwrap_err().what;
        assert_eq!(what, "payment_method: missing field `type`");
    }
}
