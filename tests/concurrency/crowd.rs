//! Runs clients that charge, grant, refund and read at once, and records their responses.

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
}

impl Crowd {
    pub(super) async fn gather(replicas: Replicas) -> Self {
        let mut accounts = Vec::new();
        for number in 0..ACCOUNTS {
            let owner = replicas.signs_up(&format!("user{number}"), Role::User).await;
            accounts.push(Account { owner, history: Mutex::default(), charges: Mutex::default() });
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
            if let Answer::Charged { id, .. } = &event.answer {
                account.charges.lock().unwrap().push(id.clone());
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
            0..60 => Invocation::Charge { key },
            60..75 => {
                // The same key means the same amount.
                let credits = key.bytes().map(i64::from).sum::<i64>() % 6 + 1;
                Invocation::Grant { key, credits }
            }
            75..90 => {
                let charges = account.charges.lock().unwrap();
                let charge = (!charges.is_empty()).then(|| charges[rng.place(charges.len())].clone());
                charge.map_or(Invocation::Look, |charge| Invocation::Refund { charge })
            }
            _ => Invocation::Look,
        }
    }

    async fn asks(&self, account: &Account, replica: usize, invocation: &Invocation) -> Answer {
        let owner = &account.owner;
        let (who, document, input) = match invocation {
            Invocation::Charge { key } => (owner, CHARGE, json!({ "runId": key, "idempotencyKey": key })),
            Invocation::Grant { key, credits } => {
                let user = owner.id.to_string();
                let input = json!({ "userId": user, "credits": credits, "reason": "a gift", "idempotencyKey": key });
                (&self.admin, GRANT, input)
            }
            Invocation::Refund { charge } => {
                (&self.service, REFUND, json!({ "chargeId": charge, "reason": "it failed" }))
            }
            Invocation::Look => (owner, "{ balance { credits version } }", Value::Null),
        };
        let data = self.replicas.asks(replica, who, document, json!({ "input": input })).await;
        match invocation {
            Invocation::Grant { .. } | Invocation::Refund { .. } => Answer::Posted(Entry::read(&data)),
            Invocation::Look => Answer::Saw(seen(&data)),
            Invocation::Charge { .. } if data["__typename"] == "InsufficientCredits" => {
                Answer::Refused { available: data["available"].as_i64().unwrap() }
            }
            Invocation::Charge { .. } => Answer::Charged {
                // The id of the ledger entry, by which a charge can be refunded too.
                id: Noun::Entry.id(row(&data["id"])).to_string(),
                replayed: data["replayed"].as_bool().unwrap(),
                seen: seen(&data["balance"]),
            },
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
