//! Calls whose answers stay raw JSON. A list of a hundred objects must not be lost for one field that one of them lacks, and
//! what is listed is read by the very rules by which events are.

use miniserde::json;
use serde_json::{Map, Value};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Failure, Listed, Stripe, Unreadable};

/// How many objects one call lists: the most that Stripe gives.
pub(super) const PAGE: usize = 100;

/// What a call is named in logs and numbers, and where it goes.
type Call<'a> = (&'static str, &'a str);

impl Stripe {
    /// Lists what is there, from behind the object `after` on.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn list(&self, call: Call<'_>, mut query: Value, after: Option<&str>) -> Result<Listed, Failure> {
        query["limit"] = PAGE.into();
        if let Some(after) = after {
            query["starting_after"] = after.into();
        }
        let mut answer = self.get(call, &query).await?;
        let Value::Array(objects) = answer["data"].take() else {
            return Err(Unreadable::missing(&format!("{}: data", call.1)).into());
        };
        let last = objects.last().and_then(|object| object["id"].as_str()).map(ToOwned::to_owned);
        Ok(Listed { next: last.filter(|_| answer["has_more"] == true), objects })
    }

    /// Lists all that is there.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn list_all(&self, call: Call<'_>, query: &Value) -> Result<Vec<Value>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.list(call, query.clone(), after.as_deref()).await?;
            all.extend(page.objects);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    pub(super) async fn get(&self, (name, path): Call<'_>, query: &Value) -> Result<Value, Failure> {
        let call = |strategy| {
            let request = RequestBuilder::new(StripeMethod::Get, path);
            // The library's encoder makes something of nothing.
            let request = if query.as_object().is_some_and(Map::is_empty) { request } else { request.query(query) };
            request.customize::<json::Value>().request_strategy(strategy).send(&self.client)
        };
        plain(&self.read(name, path, call).await?)
    }

    /// One object; `None` when Stripe knows none of the id.
    pub(super) async fn find(&self, call: Call<'_>) -> Result<Option<Value>, Failure> {
        self.find_with(call, &Value::Object(Map::new())).await
    }

    /// As [`Stripe::find`], with parameters: what to expand.
    pub(super) async fn find_with(&self, call: Call<'_>, query: &Value) -> Result<Option<Value>, Failure> {
        match self.get(call, query).await {
            Ok(object) => Ok(Some(object)),
            Err(Failure::Refused { status: 404, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn post(&self, (name, path): Call<'_>, key: &str, form: &Value) -> Result<Value, Failure> {
        let call = |strategy| {
            let request = RequestBuilder::new(StripeMethod::Post, path).form(form).customize::<json::Value>();
            request.request_strategy(strategy).send(&self.client)
        };
        plain(&self.write(name, key, call).await?)
    }

    /// As [`Stripe::post`], where nothing is changed by it, so that it needs no key. `id` is what it is about.
    pub(super) async fn ask(&self, (name, path): Call<'_>, id: &str, form: &Value) -> Result<Value, Failure> {
        let call = |strategy| {
            let request = RequestBuilder::new(StripeMethod::Post, path).form(form).customize::<json::Value>();
            request.request_strategy(strategy).send(&self.client)
        };
        plain(&self.read(name, id, call).await?)
    }
}

/// The same in the words of serde, which everything else here speaks.
fn plain(reply: &json::Value) -> Result<Value, Failure> {
    let text = json::to_string(reply);
    serde_json::from_str(&text).map_err(|error| Unreadable::new(format!("the reply: {error}")).into())
}
