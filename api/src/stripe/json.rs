//! Replies as JSON: each is read by the same tolerant reader as the objects of events, so that a field which one API version
//! lacks does not lose the reply.

use miniserde::json;
use serde_json::{Map, Value};
use stripe::{IdempotencyKey, RequestStrategy};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Failure, ListPage, Stripe, Unreadable};

/// The number of objects that one call lists: Stripe's maximum.
const PAGE: usize = 100;

/// Maximum number of pages of one list that are read.
const MAX_PAGES: usize = 100;

impl Stripe {
    /// Lists a page of objects, those that follow `after`. `name` is that of the call in logs and metrics.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn list(
        &self,
        name: &'static str,
        path: &str,
        mut query: Value,
        after: Option<&str>,
    ) -> Result<ListPage, Failure> {
        query["limit"] = PAGE.into();
        if let Some(after) = after {
            query["starting_after"] = after.into();
        }
        page(name, self.get(name, path, &query).await?)
    }

    /// Lists all objects.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Unknown`] also where there are too many of them.
    pub(super) async fn list_all(&self, name: &'static str, path: &str, query: &Value) -> Result<Vec<Value>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page = self.list(name, path, query.clone(), after.as_deref()).await?;
            all.extend(page.objects);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
        Err(Failure::unknown(format!("{name}: there are more than {MAX_PAGES} pages")))
    }

    pub(super) async fn get(&self, name: &'static str, path: &str, query: &Value) -> Result<Value, Failure> {
        let request = RequestBuilder::new(StripeMethod::Get, path);
        // async-stripe encodes an empty object as an empty parameter.
        let request = if query.as_object().is_some_and(Map::is_empty) { request } else { request.query(query) };
        self.read(name, request).await
    }

    /// Reads one object; `None` when it does not exist.
    pub(super) async fn find(&self, name: &'static str, path: &str, query: &Value) -> Result<Option<Value>, Failure> {
        match self.get(name, path, query).await {
            Ok(object) => Ok(Some(object)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn post(&self, name: &'static str, path: &str, key: &str, form: &Value) -> Result<Value, Failure> {
        self.write(name, key, RequestBuilder::new(StripeMethod::Post, path).form(form)).await
    }

    /// Sends a request that changes something, with its idempotency key in every attempt.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn write(&self, name: &'static str, key: &str, request: RequestBuilder) -> Result<Value, Failure> {
        let idempotency_key = IdempotencyKey::new(key).map_err(|error| Failure::Settings(error.to_string()))?;
        self.send(name, key, &request, &RequestStrategy::Idempotent(idempotency_key)).await
    }

    /// Sends a request that changes nothing, or whose effect cannot happen twice.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn read(&self, name: &'static str, request: RequestBuilder) -> Result<Value, Failure> {
        self.send(name, &request.path, &request, &RequestStrategy::Once).await
    }

    async fn send(
        &self,
        name: &'static str,
        seed: &str,
        request: &RequestBuilder,
        strategy: &RequestStrategy,
    ) -> Result<Value, Failure> {
        let attempt = async || {
            self.paced().await;
            let RequestBuilder { query, body, path, method } = request;
            let again =
                RequestBuilder { query: query.clone(), body: body.clone(), path: path.clone(), method: *method };
            let sent = again.customize::<json::Value>().request_strategy(strategy.clone()).send(&self.transport).await;
            if let Err(attempt) = &sent
                && let Some(wait) = attempt.wait()
            {
                self.pace.hold(wait);
            }
            sent
        };
        let reply = self.retry.run(name, seed, attempt).await?;
        // async-stripe reads with miniserde, the readers with serde.
        let text = json::to_string(&reply);
        serde_json::from_str(&text).map_err(|error| Unreadable::new(format!("the reply: {error}")).into())
    }
}

fn page(name: &str, mut reply: Value) -> Result<ListPage, Failure> {
    let Value::Array(objects) = reply["data"].take() else {
        return Err(Unreadable::missing(&format!("{name}: data")).into());
    };
    let last = objects.last().and_then(|object| object["id"].as_str());
    let next = if reply["has_more"] == true { last.map(ToOwned::to_owned) } else { None };
    Ok(ListPage { objects, next })
}
