//! Serves an API request: route, authentication, rate limit, fault, parameters, idempotency key, work.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::State,
    http::{
        HeaderMap, Method, Uri,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    response::Response,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    api::{call::Call, form::Params},
    calls::expand,
    http::{
        auth,
        reply::{Echo, Reply},
        routes::{self, Route},
    },
    resources::api_version::API_VERSION,
    store::{
        Store,
        fault::Effect,
        idempotency::{MAX_KEY_CHARS, StoredResponse, Turn},
        problem::{Answer, Problem},
        work::{Cause, Work},
    },
};

/// A request as it was received.
struct IncomingRequest {
    method: Method,
    path: String,
    /// The query string and the body, joined.
    form: Vec<u8>,
    authorization: Option<String>,
    is_json: bool,
    echo: Echo,
}

/// The head of a request.
struct Parts {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

/// Serves any request below `/v1`.
pub(crate) async fn serve(
    State(store): State<Arc<Store>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = store.view(|state| state.rng.id("req_", 14));
    let incoming = IncomingRequest::new(request, &Parts { method, uri, headers }, &body);
    // As at Stripe, a request is completed even if the client disconnects, so it runs in a task of its own.
    let task = tokio::spawn(async move {
        let reply = answer(&store, &incoming).await;
        reply.unwrap_or_else(|problem| Reply::refusal(&problem)).into_response(&incoming.echo)
    });
    task.await.unwrap_or_else(|_| {
        let problem = Problem::injected(500);
        let echo = Echo { request: String::new(), version: None, idempotency_key: None };
        Reply::refusal(&problem).into_response(&echo)
    })
}

impl IncomingRequest {
    fn new(request: String, parts: &Parts, body: &Bytes) -> IncomingRequest {
        let Parts { method, uri, headers } = parts;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut form = uri.query().unwrap_or_default().as_bytes().to_vec();
        if *method != Method::GET && !body.is_empty() {
            form.push(b'&');
            form.extend_from_slice(body);
        }
        let content_type = header(CONTENT_TYPE.as_str()).unwrap_or_default();
        // Keys have no effect on GET and DELETE, which are idempotent anyway.
        let idempotency_key = header("idempotency-key").filter(|_| *method == Method::POST);
        IncomingRequest {
            method: method.clone(),
            path: uri.path().to_owned(),
            form,
            authorization: header(AUTHORIZATION.as_str()),
            is_json: content_type.starts_with("application/json") && !body.is_empty(),
            echo: Echo {
                request,
                version: Some(header("stripe-version").unwrap_or_else(|| API_VERSION.to_owned())),
                idempotency_key,
            },
        }
    }

    /// Returns the hash of method, path and parameters, which an idempotency key is bound to.
    fn fingerprint(&self) -> String {
        let mut pairs: Vec<_> = url::form_urlencoded::parse(&self.form).collect();
        pairs.sort();
        hex::encode(Sha256::digest(format!("{} {} {pairs:?}", self.method, self.path)))
    }
}

async fn answer(store: &Store, incoming: &IncomingRequest) -> Result<Reply, Problem> {
    let (method, path) = (incoming.method.as_str(), incoming.path.as_str());
    let found = routes::find(method, path);
    if let Some((route, _)) = &found {
        store.requests.add(method, route.template);
    }
    auth::check(incoming.authorization.as_deref())?;
    if !store.rate_limit.take() {
        return Err(Problem::rate_limited());
    }
    let (route, ids) = found.ok_or_else(|| Problem::unrecognized_url(method, path))?;
    let fault = store.faults.take(method, path);
    if let Some(Effect::Refuse { status }) = fault {
        return Err(Problem::injected(status));
    }
    if incoming.is_json {
        return Err(Problem::malformed("This API takes form-encoded parameters, not JSON."));
    }
    let params = Params::parse(&incoming.form)?;
    let fingerprint = incoming.fingerprint();
    if let Some(key) = &incoming.echo.idempotency_key {
        if key.chars().count() > MAX_KEY_CHARS {
            return Err(Problem::malformed(format!("Idempotency keys have at most {MAX_KEY_CHARS} characters.")));
        }
        let turn = store.work(Cause::default(), |work| work.state.keys.begin(key, &fingerprint))?;
        if let Turn::Replay(kept) = turn {
            return Ok(Reply { replay_of: Some(kept.request), spoilt: fault, ..Reply::new((kept.status, kept.body)) });
        }
    }
    if let Some(Effect::Delay { millis }) = fault {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    let run = Run { store, echo: &incoming.echo, fingerprint: &fingerprint, fault };
    let reply = run.perform(route, ids, params);
    if let Some(Effect::Lag { millis }) = fault {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    Ok(reply)
}

/// The context of a request that is running.
struct Run<'a> {
    store: &'a Store,
    echo: &'a Echo,
    fingerprint: &'a str,
    fault: Option<Effect>,
}

impl Run<'_> {
    /// Does the work and stores its response under the key, in one unit of work.
    fn perform(&self, route: &Route, ids: Vec<String>, params: Params) -> Reply {
        let cause =
            Cause { request: Some(self.echo.request.clone()), idempotency_key: self.echo.idempotency_key.clone() };
        let act = |work: &mut Work<'_>| {
            let outcome = match self.fault {
                Some(Effect::Spoil { status }) => Err(Problem::injected(status)),
                _ => handle(route, &mut Call { work: work.reborrow(), params, ids }),
            };
            self.keep(work, outcome)
        };
        let outcome = if route.method == "GET" { self.store.read(cause, act) } else { self.store.work(cause, act) };
        Reply { spoilt: self.fault, ..Reply::new(outcome) }
    }

    /// Converts the answer to a status and a body, and stores them under the key.
    fn keep(&self, work: &mut Work<'_>, mut answer: Answer) -> (u16, Value) {
        if let (Some(Effect::Fail { status }), Ok(_)) = (self.fault, &answer) {
            answer = Err(Problem::injected(status));
        }
        let is_kept = answer.as_ref().err().is_none_or(Problem::is_kept);
        let outcome = match answer {
            Ok(object) => (200, object),
            Err(problem) => (problem.status, problem.body()),
        };
        if let Some(key) = &self.echo.idempotency_key {
            let kept = is_kept.then(|| StoredResponse::new(self.fingerprint, &self.echo.request, outcome.clone()));
            work.state.keys.finish(key, kept);
        }
        outcome
    }
}

fn handle(route: &Route, call: &mut Call<'_>) -> Answer {
    let paths = call.params.texts("expand")?;
    let mut answer = (route.handle)(call)?;
    for path in paths {
        expand::expand(&call.work, &mut answer, &path)?;
    }
    Ok(answer)
}
