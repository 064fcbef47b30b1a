//! The gateway as the model's counterpart, on SQLite and on PostgreSQL if installed.

mod holds;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta};
use entity::{
    ledger_entry,
    user::Role,
    work::{self, Kind},
};
use patch_hive::{
    accounts::{self, SignUp},
    app::App,
    billing::{
        adjustment::{self, Adjustment},
        admin_action::Author,
        export::{self, ExportResult},
    },
    clock::Clock,
    config::Config,
    error::Error,
    jobs, ledger,
    server::{self, Running},
    sync::{self, Fact, Receipt},
    throttle::Address,
};
use proptest_state_machine::StateMachineTest;
use sandbox::{Sandbox, Settings};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{
    account::Entry,
    book::Book,
    delivery::{DAY, Delivery, customer},
    operation::{Answer, Operation},
};
use crate::harness::{folder, postgres, world::World};

/// The lowest cost of bcrypt.
const PASSWORD_COST: u32 = 4;

pub(super) struct Machine {
    runtime: Runtime,
    gateways: Vec<Gateway>,
    offset: Arc<AtomicI64>,
    /// The second in which the sequence began.
    base: i64,
}

struct Gateway {
    running: Running,
    stripe: Sandbox,
    world: World,
    /// The users' ids, in the order of their sign-up.
    users: Vec<i64>,
    _folder: TempDir,
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Self;
    type Reference = Book;

    fn init_test(_: &Book) -> Self {
        let runtime = Runtime::new().unwrap();
        let offset = Arc::<AtomicI64>::default();
        let clock = Clock::following(offset.clone());
        let base = clock.wall().timestamp();
        let gateways = runtime.block_on(async {
            let place = folder();
            let file = format!("sqlite:{}", place.path().join("gateway.db").display());
            let mut gateways = vec![Gateway::start(file, clock.clone(), place).await];
            if let Some(url) = postgres::database().await {
                gateways.push(Gateway::start(url, clock, folder()).await);
            }
            gateways
        });
        Self { runtime, gateways, offset, base }
    }

    fn apply(mut machine: Self, book: &Book, operation: Operation) -> Self {
        machine.offset.store(book.today * DAY, Ordering::Relaxed);
        let base = machine.base;
        machine.runtime.block_on(async {
            for gateway in &mut machine.gateways {
                let answer = gateway.happens(book, &operation, base).await;
                let backend = gateway.app().database.backend();
                assert_eq!(Some(&answer), book.answer.as_ref(), "{backend:?} responds differently to {operation:?}");
                gateway.agrees(book, base).await;
            }
        });
        machine
    }

    fn teardown(machine: Self, book: Book) {
        machine.runtime.block_on(async {
            for gateway in machine.gateways {
                gateway.ends_like(&book).await;
            }
        });
    }
}

impl Gateway {
    async fn start(url: String, clock: Clock, folder: TempDir) -> Self {
        // The objects at Stripe come from the model.
        let settings = Settings {
            bind: "127.0.0.1:0".parse().unwrap(),
            webhook_urls: Vec::new(),
            webhook_secret: "whsec_model".to_owned(),
            state_file: None,
            seed: None,
        };
        let stripe = Sandbox::start(settings).await.unwrap();
        let api = format!("http://{}/", stripe.address());
        let mut config = Config::development("127.0.0.1:0".parse().unwrap(), url, api).unwrap();
        config.password_cost = PASSWORD_COST;
        let running = server::start(config, clock).await.unwrap();
        Self { running, stripe, world: World::default(), users: Vec::new(), _folder: folder }
    }

    fn app(&self) -> &App {
        self.running.app()
    }

    async fn happens(&mut self, book: &Book, operation: &Operation, base: i64) -> Answer {
        let outcome = match *operation {
            Operation::SignUp { name } => self.signs_up(name).await,
            Operation::Charge { user, key, run } => self.charges(user, key, run).await,
            Operation::Reserve { user, key, run } => self.reserves(user, key, run).await,
            Operation::Change { user, nth, action } => self.changes(book, (user, nth), action).await,
            Operation::RunOut { user, nth, due } => Ok(self.runs_out(book, (user, nth), due).await),
            Operation::Grant { user, key, credits } => self.grants(user, key, credits).await,
            Operation::Refund { user, nth } => self.refunds(user, book.charge_of(user, nth)).await,
            Operation::Plan { .. } | Operation::Pack { .. } | Operation::Redeliver { .. } => {
                Ok(self.receives(&book.delivery, base).await)
            }
            Operation::Pass { .. } => {
                self.works_off(Kind::Unlimited).await;
                Ok(Answer::Done)
            }
        };
        outcome.unwrap_or_else(|error| Answer::Error(error.code()))
    }

    async fn signs_up(&mut self, name: u8) -> Result<Answer, Error> {
        let app = self.app().clone();
        let new = SignUp {
            email: format!("user{name}@patchhive.example"),
            username: format!("user{name}"),
            display_name: None,
            password: "a password".to_owned(),
            address: Address::default(),
        };
        let user_id = accounts::sign_up(&app, new).await?.user.id;
        let fact = Fact::Customer { user_id, customer: customer(self.users.len()) };
        let tx = app.database.begin().await?;
        sync::apply(&tx, &app, fact).await.unwrap();
        tx.commit().await?;
        self.users.push(user_id);
        Ok(Answer::Done)
    }

    async fn charges(&self, user: usize, key: u8, run: u8) -> Result<Answer, Error> {
        let charged = export::charge(self.app(), self.users[user], &run.to_string(), &key.to_string()).await?;
        Ok(match charged {
            ExportResult::Charge { entry, replayed, ticket, .. } => Answer::Charged {
                version: entry.version,
                delta: entry.credits_delta,
                replayed,
                ticket: ticket.is_some(),
            },
            ExportResult::Refused(shortage) => Answer::Refused { available: shortage.account.available() },
        })
    }

    async fn grants(&self, user: usize, key: u8, credits: i64) -> Result<Answer, Error> {
        let grant = Adjustment {
            user_id: self.users[user].to_string(),
            credits,
            reason: "a gift".to_owned(),
            idempotency_key: key.to_string(),
        };
        adjustment::grant(self.app(), self.users[user], grant).await.map(|entry| posted(&entry))
    }

    /// Refunds the charge with this version.
    async fn refunds(&self, user: usize, version: Option<i64>) -> Result<Answer, Error> {
        let charge = match version {
            Some(version) => self.entry(user, version).await.id,
            None => 0,
        };
        let author = Author { user_id: self.users[user], role: Role::Service };
        export::refund(self.app(), author, &charge.to_string(), "it failed").await.map(|entry| posted(&entry))
    }

    /// The entry of a user with this version.
    async fn entry(&self, user: usize, version: i64) -> ledger_entry::Model {
        let entries = ledger::entries_after(self.app().database.read(), self.users[user], version - 1, version);
        entries.await.unwrap().remove(0)
    }

    /// Does all due work of a kind.
    async fn works_off(&self, kind: Kind) {
        jobs::work_off(self.app(), kind).await.unwrap();
        // The gateway's own worker may be doing it.
        let held =
            work::Entity::find().filter(work::Column::Kind.eq(kind)).filter(work::Column::LeasedUntil.is_not_null());
        while held.clone().count(self.app().database.read()).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn receives(&mut self, events: &[Delivery], base: i64) -> Answer {
        let mut happened: Vec<_> = events.iter().filter(|delivery| delivery.event == delivery.first).collect();
        happened.sort_by_key(|delivery| delivery.event);
        for delivery in happened {
            for object in self.world.learn(&delivery.render(base)) {
                self.stripe.adopt(object);
            }
        }
        let mut received = Vec::new();
        for delivery in events {
            let event = delivery.render(base);
            let receipt = sync::receive(self.app(), event.to_string().as_bytes()).await.unwrap();
            assert!(matches!(receipt, Receipt::Applied | Receipt::Known), "{receipt:?}: {event}");
            self.works_off(Kind::Look).await;
            received.push(receipt == Receipt::Applied);
        }
        Answer::Received(received)
    }

    /// Checks that every account equals the model's.
    async fn agrees(&self, book: &Book, base: i64) {
        let accounts = ledger::accounts(self.app().database.read(), &self.users).await.unwrap();
        for (user, expected) in self.users.iter().zip(&book.users) {
            let account = &accounts[user];
            let until =
                expected.unlimited_until.map(|day| DateTime::from_timestamp(base, 0).unwrap() + TimeDelta::days(day));
            let backend = self.app().database.backend();
            assert_eq!(
                (account.balance, account.held, account.version, account.unlimited_until),
                (expected.balance(), expected.held(), expected.version(), until),
                "{backend:?} differs for user {user}"
            );
        }
    }

    /// Checks that the ledger equals the model's and passes verification.
    async fn ends_like(self, book: &Book) {
        let database = &self.app().database;
        for (user, expected) in self.users.iter().zip(&book.users) {
            let entries = ledger::entries_after(database.read(), *user, 0, i64::MAX).await.unwrap();
            let posted = entries.iter().map(|entry| Entry {
                kind: entry.change_type,
                delta: entry.credits_delta,
                held: entry.held_delta,
                balance: entry.balance_after,
            });
            assert_eq!(posted.collect::<Vec<_>>(), expected.entries);
        }
        let report = ledger::verify(database, self.app().clock.wall()).await.unwrap();
        assert!(report.holds(), "ledger verification failed:\n{report}");
        self.running.stop().await;
    }
}

fn posted(entry: &ledger_entry::Model) -> Answer {
    Answer::Posted { version: entry.version, delta: entry.credits_delta, balance: entry.balance_after }
}
