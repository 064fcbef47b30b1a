//! Prices and what they sell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Failure, Stripe, known_id, object};

/// A price. Stripe documentation: "The Price object".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Price {
    /// The id, `price_...`.
    pub id: String,
    /// The product that it sells, `prod_...`.
    #[serde(deserialize_with = "object::id")]
    pub product: String,
    /// True while it can be sold.
    pub active: bool,
    /// Its amount, currency and interval. They never change.
    #[serde(flatten)]
    pub terms: Terms,
}

/// The amount, the currency and the interval of a price.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Terms {
    /// The amount in the smallest unit of the currency (cents); `None` where the price is tiered.
    #[serde(rename = "unit_amount")]
    pub amount: Option<i64>,
    /// The currency, three lower-case letters.
    pub currency: String,
    /// The interval between two payments; `None` where it is paid once.
    pub recurring: Option<Interval>,
}

/// The interval between two payments of a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// `day`, `week`, `month` or `year`.
    #[serde(rename = "interval")]
    pub unit: String,
    /// The number of units.
    #[serde(rename = "interval_count", default = "one")]
    pub count: i64,
}

const fn one() -> i64 {
    1
}

/// The amounts of a price in other currencies than its own, where they are expanded.
#[derive(Deserialize)]
struct CurrencyOptions {
    #[serde(default, deserialize_with = "object::or_default")]
    currency_options: BTreeMap<String, CurrencyOption>,
}

#[derive(Deserialize)]
struct CurrencyOption {
    unit_amount: Option<i64>,
}

impl Terms {
    /// A price of this many US cents a month.
    #[must_use]
    pub fn monthly(cents: i64) -> Self {
        let month = Interval { unit: "month".to_owned(), count: 1 };
        Self { amount: Some(cents), currency: "usd".to_owned(), recurring: Some(month) }
    }
}

impl std::fmt::Display for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.amount {
            Some(amount) => write!(f, "{amount} {} in its smallest unit", self.currency)?,
            None => write!(f, "steps in {}", self.currency)?,
        }
        match &self.recurring {
            Some(Interval { unit, count: 1 }) => write!(f, " a {unit}"),
            Some(Interval { unit, count }) => write!(f, " every {count} {unit}s"),
            None => write!(f, " once"),
        }
    }
}

impl Stripe {
    /// Looks a price up; `None` when it does not exist.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn price(&self, id: &str) -> Result<Option<Price>, Failure> {
        let Ok(id) = known_id(id) else { return Ok(None) };
        self.find("retrieve price", &format!("/prices/{id}"), &json!({})).await?.as_ref().map(read).transpose()
    }

    /// The amount of a price in a currency that is not its own; `None` where it is not sold in that currency, or is tiered.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn amount_in(&self, id: &str, currency: &str) -> Result<Option<i64>, Failure> {
        let path = format!("/prices/{}", known_id(id)?);
        let query = json!({ "expand": ["currency_options"] });
        let Some(found) = self.find("retrieve price", &path, &query).await? else { return Ok(None) };
        let CurrencyOptions { currency_options } = object::read("price", &found)?;
        Ok(currency_options.get(currency).and_then(|option| option.unit_amount))
    }

    /// The price that has a lookup key, active or archived.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn price_by_key(&self, lookup_key: &str) -> Result<Option<Price>, Failure> {
        let listed = self.list("list prices", "/prices", json!({ "lookup_keys": [lookup_key] }), None).await?;
        listed.objects.first().map(read).transpose()
    }

    /// All recurring prices of a product, the newest first.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn prices_of(&self, product: &str) -> Result<Vec<Price>, Failure> {
        let query = json!({ "product": product, "type": "recurring" });
        self.list_all("list prices", "/prices", &query).await?.iter().map(read).collect()
    }

    /// Creates a recurring price with a lookup key, which is transferred from the price that has it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_price(&self, key: &str, lookup_key: &str, new: &Price) -> Result<Price, Failure> {
        let Terms { amount, currency, recurring } = &new.terms;
        let mut form = json!({
            "product": new.product,
            "currency": currency,
            "unit_amount": amount.ok_or_else(|| Failure::Settings("a tiered price cannot be created".to_owned()))?,
            "lookup_key": lookup_key,
            "transfer_lookup_key": true,
        });
        if let Some(recurring) = recurring {
            form["recurring"] = json!(recurring);
        }
        read(&self.post("create price", "/prices", key, &form).await?)
    }

    /// Puts an archived price on sale again.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn activate_price(&self, key: &str, id: &str) -> Result<Price, Failure> {
        let path = format!("/prices/{}", known_id(id)?);
        read(&self.post("update price", &path, key, &json!({ "active": true })).await?)
    }

    /// True where a product can be sold now; `None` where it does not exist.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn product_is_active(&self, id: &str) -> Result<Option<bool>, Failure> {
        let product = self.find("retrieve product", &format!("/products/{}", known_id(id)?), &json!({})).await?;
        Ok(product.map(|product| product["active"] == true))
    }

    /// Creates a product with an id that we choose.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_product(&self, key: &str, id: &str, name: &str) -> Result<(), Failure> {
        self.post("create product", "/products", key, &json!({ "id": id, "name": name })).await.map(drop)
    }

    /// Puts an archived product on sale again.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn activate_product(&self, key: &str, id: &str) -> Result<(), Failure> {
        let path = format!("/products/{}", known_id(id)?);
        self.post("update product", &path, key, &json!({ "active": true })).await.map(drop)
    }
}

fn read(value: &Value) -> Result<Price, Failure> {
    Ok(object::read("price", value)?)
}
