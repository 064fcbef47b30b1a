//! A client that retries with the same key until it receives a response, or gives up.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Client as Http;
use serde_json::{Value, json};

use super::replica::{Address, Member};
use crate::harness::{actor::row, rng::Rng};

/// Time limit of a response, after which the client retries.
const TIMEOUT: Duration = Duration::from_secs(2);

const CHARGE: &str = "mutation ($input: ChargeExportInput!) { chargeExport(input: $input) { __typename \
    ... on ExportCharge { id replayed balance { credits version } } ... on InsufficientCredits { available } } }";

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id version balanceAfter } }";

const RESERVE: &str = "mutation ($input: ReserveExportInput!) { reserveExport(input: $input) { __typename \
    ... on Hold { id } ... on InsufficientCredits { available } } }";

const CAPTURE: &str = "mutation ($input: CaptureHoldInput!) { captureHold(input: $input) { __typename \
    ... on ExportCharge { id replayed balance { credits version } } } }";

const RELEASE: &str = "mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) { __typename \
    ... on Hold { state } } }";

pub(super) struct Client {
    http: Http,
    replicas: Vec<Address>,
    user: Member,
    admin: Member,
    number: usize,
    rng: Rng,
    observed: Observed,
}

/// The responses that a client received.
#[derive(Default)]
pub(super) struct Observed {
    pub(super) charges: Vec<Charge>,
    pub(super) holds: Vec<Hold>,
    /// Sources of releases that were acknowledged.
    pub(super) releases: Vec<String>,
    pub(super) grants: Vec<Grant>,
    /// Sources that were requested and never acknowledged.
    pub(super) abandoned: Vec<String>,
    pub(super) refusals: u32,
    /// Number of failed requests by the failure.
    pub(super) failures: BTreeMap<String, u32>,
}

/// An acknowledged reservation.
pub(super) struct Hold {
    pub(super) source: String,
    pub(super) run: String,
    pub(super) id: i64,
}

/// An acknowledged charge, or capture of a hold.
pub(super) struct Charge {
    pub(super) source: String,
    pub(super) run: String,
    pub(super) id: i64,
    pub(super) replayed: bool,
    /// The balance as it was a moment later.
    pub(super) seen: (i64, i64),
}

/// An acknowledged grant.
pub(super) struct Grant {
    pub(super) source: String,
    pub(super) id: i64,
    pub(super) version: i64,
    pub(super) balance: i64,
}

impl Client {
    pub(super) fn new(replicas: Vec<Address>, (user, admin): (Member, Member), number: usize, rng: Rng) -> Self {
        let http = Http::builder().no_proxy().build().unwrap();
        Self { http, replicas, user, admin, number, rng, observed: Observed::default() }
    }

    pub(super) async fn run(mut self, stop: Arc<AtomicBool>) -> Observed {
        let mut turn = 0;
        while !stop.load(Ordering::Relaxed) {
            turn += 1;
            let key = format!("{}-{turn}", self.number);
            let exported = if self.rng.rolls(40) { self.holds(&key).await } else { self.charges(&key).await };
            if !exported {
                self.grants(&key).await;
            }
        }
        self.observed
    }

    /// Charges an export. Returns false if the credits are insufficient.
    async fn charges(&mut self, key: &str) -> bool {
        let run = format!("run of {key}");
        let source = format!("export:{}:{key}", self.user.id);
        let input = json!({ "runId": run, "idempotencyKey": key });
        let token = self.user.token.clone();
        if self.rng.rolls(10) {
            // Too short for most responses: this client never learns whether it was charged.
            let patience = self.rng.millis(1, 40);
            self.ask(&token, CHARGE, &input, patience).await.ok();
            self.observed.abandoned.push(source);
            return true;
        }
        let answer = self.insists(&token, CHARGE, &input).await;
        if self.is_refused(&answer) {
            return false;
        }
        self.observed.charges.push(Charge::read(&answer, source, run));
        true
    }

    /// Reserves an export, and captures or releases it. Returns false if the credits are insufficient.
    async fn holds(&mut self, key: &str) -> bool {
        let run = format!("run of {key}");
        let source = format!("export:{}:{key}", self.user.id);
        let input = json!({ "runId": run, "idempotencyKey": key });
        let token = self.user.token.clone();
        if self.rng.rolls(5) {
            let patience = self.rng.millis(1, 40);
            self.ask(&token, RESERVE, &input, patience).await.ok();
            self.observed.abandoned.push(source);
            return true;
        }
        let answer = self.insists(&token, RESERVE, &input).await;
        if self.is_refused(&answer) {
            return false;
        }
        let id = row(&answer["id"]);
        self.observed.holds.push(Hold { source, run: run.clone(), id });
        let input = json!({ "holdId": answer["id"] });
        if self.rng.rolls(70) {
            let answer = self.insists(&token, CAPTURE, &input).await;
            assert_eq!(answer["__typename"], "ExportCharge", "the hold was captured by nobody else: {answer}");
            self.observed.charges.push(Charge::read(&answer, format!("capture:{id}"), run));
        } else {
            let answer = self.insists(&token, RELEASE, &input).await;
            assert_eq!(answer["state"], "RELEASED", "the hold was released by nobody else: {answer}");
            self.observed.releases.push(format!("release:{id}"));
        }
        true
    }

    fn is_refused(&mut self, answer: &Value) -> bool {
        if answer["__typename"] != "InsufficientCredits" {
            return false;
        }
        assert!(answer["available"].as_i64().unwrap() < 3, "refused with enough: {answer}");
        self.observed.refusals += 1;
        true
    }

    async fn grants(&mut self, key: &str) {
        let user = self.user.id.to_string();
        let credits = self.rng.below(30) + 1;
        let input = json!({ "userId": user, "credits": credits, "reason": "a gift", "idempotencyKey": key });
        let token = self.admin.token.clone();
        let answer = self.insists(&token, GRANT, &input).await;
        self.observed.grants.push(Grant {
            source: format!("manual:{user}:{key}"),
            id: row(&answer["id"]),
            version: answer["version"].as_i64().unwrap(),
            balance: answer["balanceAfter"].as_i64().unwrap(),
        });
    }

    /// Repeats a request until there is a response, each time at a random gateway.
    async fn insists(&mut self, token: &str, document: &str, input: &Value) -> Value {
        loop {
            match self.ask(token, document, input, TIMEOUT).await {
                Ok(answer) => return answer,
                Err(failure) => *self.observed.failures.entry(failure).or_default() += 1,
            }
            tokio::time::sleep(self.rng.millis(5, 60)).await;
        }
    }

    async fn ask(&mut self, token: &str, document: &str, input: &Value, patience: Duration) -> Result<Value, String> {
        let address = *self.replicas[self.rng.place(self.replicas.len())].lock().unwrap();
        let body = json!({ "query": document, "variables": { "input": input } });
        let request = self.http.post(format!("http://{address}/graphql")).bearer_auth(token).json(&body);
        let answer = async { request.timeout(patience).send().await?.json::<Value>().await };
        let mut answer = answer.await.map_err(|error| {
            if error.is_timeout() { "no answer in time".to_owned() } else { "no connection".to_owned() }
        })?;
        if let Some(code) = answer.pointer("/errors/0/extensions/code") {
            return Err(code.as_str().unwrap().to_owned());
        }
        Ok(answer["data"].as_object_mut().unwrap().values_mut().next().unwrap().take())
    }
}

impl Charge {
    fn read(answer: &Value, source: String, run: String) -> Self {
        let balance = &answer["balance"];
        Self {
            source,
            run,
            id: row(&answer["id"]),
            replayed: answer["replayed"].as_bool().unwrap(),
            seen: (balance["version"].as_i64().unwrap(), balance["credits"].as_i64().unwrap()),
        }
    }
}
