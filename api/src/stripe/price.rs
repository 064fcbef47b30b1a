//! Prices and what they sell.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Failure, Stripe, known_id,
    object::{self, Id, Unreadable, required},
};

/// A price. Stripe documentation: "The Price object".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The id, `price_...`.
    pub id: String,
    /// The product that it sells, `prod_...`.
    pub product: String,
    /// True while it can be sold.
    pub active: bool,
    /// Its amount, currency and interval. They never change.
    pub terms: Terms,
}

/// The amount, the currency and the interval of a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// In the smallest unit of the currency (cents); `None` where the price is tiered.
    pub amount: Option<i64>,
    /// Three lower-case letters.
    pub currency: String,
    /// The interval: `day`, `week`, `month` or `year`, and every how many of them. `None` when it is paid once.
    pub every: Option<(String, i64)>,
}

impl Terms {
    /// So many US cents a month.
    #[must_use]
    pub fn monthly(cents: i64) -> Self {
        Self { amount: Some(cents), currency: "usd".to_owned(), every: Some(("month".to_owned(), 1)) }
    }
}

impl std::fmt::Display for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.amount {
            Some(amount) => write!(f, "{amount} {} in its smallest unit", self.currency)?,
            None => write!(f, "steps in {}", self.currency)?,
        }
        match &self.every {
            Some((interval, 1)) => write!(f, " a {interval}"),
            Some((interval, count)) => write!(f, " every {count} {interval}s"),
            None => write!(f, " once"),
        }
    }
}

impl Stripe {
    /// Looks a price up; `None` when Stripe does not know it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn price(&self, id: &str) -> Result<Option<Price>, Failure> {
        let Ok(id) = known_id(id) else { return Ok(None) };
        self.find(("retrieve price", &format!("/prices/{id}"))).await?.as_ref().map(read).transpose()
    }

    /// The price that bears a lookup key, whether it can be sold or not.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn price_by_key(&self, lookup_key: &str) -> Result<Option<Price>, Failure> {
        let listed = self.list(("list prices", "/prices"), json!({ "lookup_keys": [lookup_key] }), None).await?;
        listed.objects.first().map(read).transpose()
    }

    /// All recurring prices of a product, the newest first.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn prices_of(&self, product: &str) -> Result<Vec<Price>, Failure> {
        let query = json!({ "product": product, "type": "recurring" });
        self.list_all(("list prices", "/prices"), &query).await?.iter().map(read).collect()
    }

    /// Makes a price that is paid every so often and bears a lookup key, which it takes from the one that bore it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_price(&self, key: &str, lookup_key: &str, new: &Price) -> Result<Price, Failure> {
        let Terms { amount, currency, every } = &new.terms;
        let mut form = json!({
            "product": new.product,
            "currency": currency,
            "unit_amount": amount.ok_or_else(|| Failure::Settings("a tiered price cannot be created".to_owned()))?,
            "lookup_key": lookup_key,
            "transfer_lookup_key": true,
        });
        if let Some((interval, count)) = every {
            form["recurring"] = json!({ "interval": interval, "interval_count": count });
        }
        read(&self.post(("create price", "/prices"), key, &form).await?)
    }

    /// Puts an archived price on sale again.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn activate_price(&self, key: &str, id: &str) -> Result<Price, Failure> {
        let path = format!("/prices/{}", known_id(id)?);
        read(&self.post(("update price", &path), key, &json!({ "active": true })).await?)
    }

    /// True where a product can be sold now; `None` where it does not exist.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn product_is_active(&self, id: &str) -> Result<Option<bool>, Failure> {
        let product = self.find(("retrieve product", &format!("/products/{}", known_id(id)?))).await?;
        Ok(product.map(|product| product["active"] == true))
    }

    /// Makes a product with an id of our own choice.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_product(&self, key: &str, id: &str, name: &str) -> Result<(), Failure> {
        self.post(("create product", "/products"), key, &json!({ "id": id, "name": name })).await.map(drop)
    }

    /// Puts an archived product on sale again.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn activate_product(&self, key: &str, id: &str) -> Result<(), Failure> {
        let path = format!("/products/{}", known_id(id)?);
        self.post(("update product", &path), key, &json!({ "active": true })).await.map(drop)
    }
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    product: Option<Id>,
    active: Option<bool>,
    unit_amount: Option<i64>,
    currency: Option<String>,
    recurring: Option<WireRecurring>,
}

#[derive(Deserialize)]
struct WireRecurring {
    interval: String,
    #[serde(default = "one")]
    interval_count: i64,
}

const fn one() -> i64 {
    1
}

fn read(value: &Value) -> Result<Price, Failure> {
    Ok(object::read::<Wire>("price", value)?.into_price()?)
}

impl Wire {
    fn into_price(self) -> Result<Price, Unreadable> {
        Ok(Price {
            id: required("price.id", self.id)?,
            product: required("price.product", self.product)?.into_string(),
            active: required("price.active", self.active)?,
            terms: Terms {
                amount: self.unit_amount,
                currency: required("price.currency", self.currency)?,
                every: self.recurring.map(|recurring| (recurring.interval, recurring.interval_count)),
            },
        })
    }
}
