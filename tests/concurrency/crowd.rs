//! Runs clients that charge, grant, refund and read at once, and records their responses.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use entity::user::Role;
use serde_json::{Value, json};

use super::history::{Answer, Asked, Event, Seen};
use crate::harness::{
    book::Entry,
    chance::Dice,
    replicas::{Member, Replicas},
};

/// Number of shared accounts.
const ACCOUNTS: usize = 4;

/// Number of keys per second that several clients use.
const SHARED_KEYS: u64 = 5;

const CHARGE: &str = "mutation ($input: ChargeExportInput!) { chargeExport(input: $input) { __typename \
    ... on ExportCharge { id replayed balance { credits version } } ... on InsufficientCredits { available } } }";

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id version changeType \
    creditsDelta balanceAfter reference } }";

const GIVE_BACK: &str = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id version changeType \
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

    /// One of them asks one thing after the other.
    pub(super) async fn ask(self: Arc<Self>, mut dice: Dice, until: Instant) {
        while Instant::now() < until {
            let account = &self.accounts[dice.place(ACCOUNTS)];
            let replica = dice.place(self.replicas.count());
            let asked = self.chooses(account, &mut dice);
            let begin = self.time();
            let answer = self.asks(account, replica, &asked).await;
            let event = Event { begin, end: self.time(), asked, answer };
            if let Answer::Charged { id, .. } = &event.answer {
                account.charges.lock().unwrap().push(id.clone());
            }
            account.history.lock().unwrap().push(event);
        }
    }

    fn time(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap()
    }

    fn chooses(&self, account: &Account, dice: &mut Dice) -> Asked {
        let key = if dice.rolls(60) {
            format!("{}-{}", self.start.elapsed().as_secs(), dice.below(SHARED_KEYS))
        } else {
            format!("own-{}-{}", self.time(), dice.below(u64::MAX))
        };
        match dice.below(100) {
            0..60 => Asked::Charge { key },
            60..75 => {
                // The same key means the same amount.
                let credits = key.bytes().map(i64::from).sum::<i64>() % 6 + 1;
                Asked::Grant { key, credits }
            }
            75..90 => {
                let charges = account.charges.lock().unwrap();
                let charge = (!charges.is_empty()).then(|| charges[dice.place(charges.len())].clone());
                charge.map_or(Asked::Look, |charge| Asked::GiveBack { charge })
            }
            _ => Asked::Look,
        }
    }

    async fn asks(&self, account: &Account, replica: usize, asked: &Asked) -> Answer {
        let owner = &account.owner;
        let (who, document, input) = match asked {
            Asked::Charge { key } => (owner, CHARGE, json!({ "runId": key, "idempotencyKey": key })),
            Asked::Grant { key, credits } => {
                let user = owner.id.to_string();
                let input = json!({ "userId": user, "credits": credits, "reason": "a gift", "idempotencyKey": key });
                (&self.admin, GRANT, input)
            }
            Asked::GiveBack { charge } => {
                (&self.service, GIVE_BACK, json!({ "chargeId": charge, "reason": "it failed" }))
            }
            Asked::Look => (owner, "{ balance { credits version } }", Value::Null),
        };
        let told = self.replicas.asks(replica, who, document, json!({ "input": input })).await;
        match asked {
            Asked::Grant { .. } | Asked::GiveBack { .. } => Answer::Booked(Entry::read(&told)),
            Asked::Look => Answer::Saw(seen(&told)),
            Asked::Charge { .. } if told["__typename"] == "InsufficientCredits" => {
                Answer::Refused { available: told["available"].as_i64().unwrap() }
            }
            Asked::Charge { .. } => Answer::Charged {
                id: told["id"].as_str().unwrap().to_owned(),
                replayed: told["replayed"].as_bool().unwrap(),
                seen: seen(&told["balance"]),
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
