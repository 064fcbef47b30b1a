//! Runs clients that charge, reserve, capture, release, grant, refund and read at once, and records their responses.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use entity::user::Role;
use patch_hive::global_id::Noun;
use serde_json::{Value, json};

use super::history::{Answer, Event, Invocation, Seen};
use crate::harness::{
    actor::row,
    book::Entry,
    replicas::{Member, Replicas},
    rng::Rng,
};

/// Number of shared accounts.
const ACCOUNTS: usize = 4;

/// Number of keys per second that several clients use.
const SHARED_KEYS: u64 = 5;

const CHARGE: &str = "mutation ($input: ChargeExportInput!) { chargeExport(input: $input) { __typename \
    ... on ExportCharge { id replayed balance { credits version } } ... on InsufficientCredits { available } } }";

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id version changeType \
    creditsDelta balanceAfter reference } }";

const REFUND: &str = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id version changeType \
    creditsDelta balanceAfter reference } }";

const RESERVE: &str = "mutation ($input: ReserveExportInput!) { reserveExport(input: $input) { __typename \
    ... on Hold { id } ... on InsufficientCredits { available } } }";

const CAPTURE: &str = "mutation ($input: CaptureHoldInput!) { captureHold(input: $input) { __typename \
    ... on ExportCharge { id replayed balance { credits version } } ... on HoldEnded { state } } }";

const RELEASE: &str = "mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) { __typename \
    ... on Hold { balance { credits version } } ... on HoldEnded { state } } }";

/// Number of an account's newest holds that are captured or released.
const RECENT: usize = 8;

/// Longer than the test.
const TTL: u32 = 86_400;

pub(super) struct Crowd {
    replicas: Replicas,
    accounts: Vec<Account>,
    admin: Member,
    service: Member,
    start: Instant,
}

struct Account {
    owner: Member,
    history: Mutex<Vec<Event>>,
    /// Charges to refund.
    charges: Mutex<Vec<String>>,
    /// Holds to capture or release.
    holds: Mutex<Vec<String>>,
}

struct Request<'a> {
    who: &'a Member,
    document: &'static str,
    input: Value,
}

impl Crowd {
    pub(super) async fn gather(replicas: Replicas) -> Self {
        let mut accounts = Vec::new();
        for number in 0..ACCOUNTS {
            let owner = replicas.signs_up(&format!("user{number}"), Role::User).await;
            let (history, charges, holds) = Default::default();
            accounts.push(Account { owner, history, charges, holds });
        }
        let admin = replicas.signs_up("admin", Role::Admin).await;
        let service = replicas.signs_up("service", Role::Service).await;
        Self { replicas, accounts, admin, service, start: Instant::now() }
    }

    /// Runs one client, which sends one request after the other.
    pub(super) async fn ask(self: Arc<Self>, mut rng: Rng, until: Instant) {
        while Instant::now() < until {
            let account = &self.accounts[rng.place(ACCOUNTS)];
            let replica = rng.place(self.replicas.count());
            let invocation = self.chooses(account, &mut rng);
            let begin = self.time();
            let answer = self.asks(account, replica, &invocation).await;
            let event = Event { begin, end: self.time(), invocation, answer };
            match &event.answer {
                Answer::Charged { id, .. } => account.charges.lock().unwrap().push(id.clone()),
                Answer::Reserved { id } => account.holds.lock().unwrap().push(id.replace("entry", "hold")),
                _ => {}
            }
            account.history.lock().unwrap().push(event);
        }
    }

    fn time(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap()
    }

    fn chooses(&self, account: &Account, rng: &mut Rng) -> Invocation {
        let key = if rng.rolls(60) {
            format!("{}-{}", self.start.elapsed().as_secs(), rng.below(SHARED_KEYS))
        } else {
            format!("own-{}-{}", self.time(), rng.below(u64::MAX))
        };
        match rng.below(100) {
            0..35 => Invocation::Charge { key },
            35..50 => Invocation::Reserve { key: format!("hold-{key}") },
            50..65 => {
                // Mostly the newest ones, which may be open.
                let holds = account.holds.lock().unwrap();
                let recent = &holds[holds.len().saturating_sub(RECENT)..];
                let hold = (!recent.is_empty()).then(|| recent[rng.place(recent.len())].clone());
                match hold {
                    Some(hold) if rng.rolls(70) => Invocation::Capture { hold },
                    Some(hold) => Invocation::Release { hold },
                    None => Invocation::Look,
                }
            }
            65..78 => {
                // The same key means the same amount.
                let credits = key.bytes().map(i64::from).sum::<i64>() % 6 + 1;
                Invocation::Grant { key, credits }
            }
            78..90 => {
                let charges = account.charges.lock().unwrap();
                let charge = (!charges.is_empty()).then(|| charges[rng.place(charges.len())].clone());
                charge.map_or(Invocation::Look, |charge| Invocation::Refund { charge })
            }
            _ => Invocation::Look,
        }
    }

    async fn asks(&self, account: &Account, replica: usize, invocation: &Invocation) -> Answer {
        let Request { who, document, input } = self.request(account, invocation);
        let data = self.replicas.asks(replica, who, document, json!({ "input": input })).await;
        match (invocation, data["__typename"].as_str()) {
            (Invocation::Grant { .. } | Invocation::Refund { .. }, _) => Answer::Posted(Entry::read(&data)),
            (Invocation::Look, _) => Answer::Saw(seen(&data)),
            (_, Some("InsufficientCredits")) => Answer::Refused { available: data["available"].as_i64().unwrap() },
            (_, Some("HoldEnded")) => Answer::Ended { state: data["state"].as_str().unwrap().to_owned() },
            (Invocation::Reserve { .. }, _) => Answer::Reserved { id: entry_id(&data["id"]) },
            (Invocation::Release { .. }, _) => Answer::Released { seen: seen(&data["balance"]) },
            (Invocation::Charge { .. } | Invocation::Capture { .. }, _) => Answer::Charged {
                id: entry_id(&data["id"]),
                replayed: data["replayed"].as_bool().unwrap(),
                seen: seen(&data["balance"]),
            },
        }
    }

    fn request<'a>(&'a self, account: &'a Account, invocation: &Invocation) -> Request<'a> {
        let owner = &account.owner;
        let request = |who, document, input| Request { who, document, input };
        match invocation {
            Invocation::Charge { key } => request(owner, CHARGE, json!({ "runId": key, "idempotencyKey": key })),
            Invocation::Reserve { key } => {
                request(owner, RESERVE, json!({ "runId": key, "idempotencyKey": key, "ttl": TTL }))
            }
            Invocation::Capture { hold } => request(&self.service, CAPTURE, json!({ "holdId": hold })),
            Invocation::Release { hold } => request(owner, RELEASE, json!({ "holdId": hold })),
            Invocation::Grant { key, credits } => {
                let user = owner.id.to_string();
                let input = json!({ "userId": user, "credits": credits, "reason": "a gift", "idempotencyKey": key });
                request(&self.admin, GRANT, input)
            }
            Invocation::Refund { charge } => {
                request(&self.service, REFUND, json!({ "chargeId": charge, "reason": "it failed" }))
            }
            Invocation::Look => request(owner, "{ balance { credits version } }", Value::Null),
        }
    }

    /// The history of each account.
    pub(super) fn histories(&self) -> Vec<Vec<Event>> {
        self.accounts.iter().map(|account| account.history.lock().unwrap().clone()).collect()
    }

    pub(super) async fn ledger_of(&self, account: usize) -> Vec<Entry> {
        self.replicas.ledger_of(&self.accounts[account].owner).await
    }

    pub(super) async fn disperse(self) {
        self.replicas.prove_their_books_and_stop().await;
    }
}

fn seen(balance: &Value) -> Seen {
    Seen { version: balance["version"].as_i64().unwrap(), credits: balance["credits"].as_i64().unwrap() }
}

/// The id of the ledger entry of a charge or hold. A charge can be refunded by it too.
fn entry_id(id: &Value) -> String {
    Noun::Entry.id(row(id)).to_string()
}
