//! At the start of a month, Stripe reports the renewals of all subscribers within an hour. They are worked off below Stripe's
//! rate limit, and nobody waits for them: webhooks are answered, credits are posted with the answer, and others check out.
//! Only the states of subscriptions lag behind.
//!
//! `PATCH_HIVE_TEST_SUBSCRIBERS=10000` reports so many renewals as fast as 100,000 in an hour are reported, against the limits
//! of a live account, and bounds the lag and the response times.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use entity::subscription;
use patch_hive::clock::Clock;
use sea_orm::EntityTrait;
use tokio::{sync::Semaphore, time::sleep_until};

use crate::{
    harness::{Backend, TestApp, folder, rng},
    scale::{
        SUBSCRIBERS,
        fill::{Size, fill},
    },
    webhook::payloads::{CORE, Plan, retold},
};

/// The median of answers that keep nobody waiting.
const QUICK: Duration = Duration::from_millis(500);

/// The longest answer. A webhook waits up to five seconds for its look.
const PATIENCE: Duration = Duration::from_secs(10);

/// Webhooks that Stripe sends at once.
const IN_FLIGHT: usize = 32;

/// The load, and the limits that it is worked off within.
#[derive(Clone, Copy)]
struct Load {
    renewals: i64,
    per_second: f64,
    /// Calls a second that the gateway makes in the background.
    pace: u32,
    /// Calls a second that Stripe allows.
    limit: u32,
}

/// A run at length has the machine for itself, so that its times mean something.
fn is_long() -> bool {
    rng::number(SUBSCRIBERS).is_some()
}

fn load() -> Load {
    match rng::number(SUBSCRIBERS) {
        Some(renewals) => {
            Load { renewals: renewals.cast_signed(), per_second: 100_000.0 / 3600.0, pace: 80, limit: 100 }
        }
        // Faster than the pace, so that a backlog builds up.
        None => Load { renewals: 60, per_second: 60.0, pace: 20, limit: 25 },
    }
}

async fn renews_everybody(backend: Backend) {
    let load = load();
    let folder = folder();
    let Some(url) = backend.database(folder.path()).await else { return };
    fill(&url, Size { users: load.renewals, months: 2, current: 1 }).await;
    let app = TestApp::start(folder, url, |config| {
        config.stripe.as_mut().unwrap().calls.per_second = load.pace;
    })
    .await;
    app.sandbox().set_rate_limit(load.limit);

    let over = Arc::<AtomicBool>::default();
    let checkouts = tokio::spawn(check_out(app.clone(), over.clone()));
    let reported = report(&app, load).await;
    app.has_looked_within(Duration::from_secs(load.renewals.cast_unsigned() * 4)).await;
    over.store(true, Ordering::Relaxed);
    let checkouts = checkouts.await.unwrap();

    assert_eq!(app.sandbox().refused_by_rate_limit(), 0, "calls beyond the rate limit");
    let lag = lag(&app, &reported).await;
    let answers = Times::of(reported.into_values().flat_map(|renewal| renewal.answers).collect());
    let (checkouts, lag) = (Times::of(checkouts), Times::of(lag));
    eprintln!("{} renewals on {backend:?}", load.renewals);
    eprintln!("answers of webhooks {answers}\ncheckouts of others {checkouts}\nlag of states       {lag}");
    if is_long() {
        assert!(answers.median() < QUICK && checkouts.median() < QUICK, "somebody waited");
        assert!(answers.longest() < PATIENCE && checkouts.longest() < PATIENCE, "somebody waited");
        // A look reads up to three objects.
        let worked_off = Duration::from_secs(load.renewals.cast_unsigned() * 3 / u64::from(load.pace) + 30);
        assert!(lag.longest() < worked_off, "longer than {worked_off:?}");
    }
    app.proves_its_books().await;
    app.stop().await;
}

/// A renewal that was reported.
struct Renewal {
    at: DateTime<Utc>,
    period_end: i64,
    answers: Vec<Duration>,
}

/// Reports every renewal by three webhooks, at the rate of the load. Credits are posted with the answer.
async fn report(app: &TestApp, load: Load) -> HashMap<String, Renewal> {
    let (in_flight, start) = (Arc::new(Semaphore::new(IN_FLIGHT)), tokio::time::Instant::now());
    let mut sending = Vec::new();
    for number in 1..=load.renewals {
        let due = Duration::from_secs_f64(f64::from(i32::try_from(number).unwrap()) / load.per_second);
        sleep_until(start + due).await;
        let permit = in_flight.clone().acquire_owned().await.unwrap();
        let app = app.clone();
        sending.push(tokio::spawn(async move {
            let plan = Plan { id: format!("sub_filled{number}"), ..Plan::new(&format!("cus_filled{number}"), CORE) };
            let paid = plan.paid("subscription_cycle");
            let events =
                [plan.updated("active", serde_json::json!({})), retold(&paid, "invoice.payment_succeeded"), paid];
            let mut renewal = Renewal { at: Clock::default().wall(), period_end: plan.end, answers: Vec::new() };
            for (event, outcome) in events.iter().zip([None, Some("applied"), Some("applied")]) {
                let sent = Instant::now();
                let (status, answer) = app.receives(event).await;
                renewal.answers.push(sent.elapsed());
                assert_eq!(status, 200, "{answer}");
                assert!(outcome.is_none_or(|outcome| answer["outcome"] == outcome), "{answer}: {event}");
            }
            drop(permit);
            (plan.id, renewal)
        }));
    }
    let mut reported = HashMap::new();
    for renewal in sending {
        let (id, renewal) = renewal.await.unwrap();
        reported.insert(id, renewal);
    }
    reported
}

/// New users open checkouts, one after the other.
async fn check_out(app: TestApp, over: Arc<AtomicBool>) -> Vec<Duration> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let user = app.signs_up(&format!("other{}", times.len())).await;
        let start = Instant::now();
        user.opens_checkout("CORE").await;
        times.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    times
}

/// The time from the report of each renewal to the state that it led to.
async fn lag(app: &TestApp, reported: &HashMap<String, Renewal>) -> Vec<Duration> {
    let rows = subscription::Entity::find().all(app.inside().await.database.read()).await.unwrap();
    let lag = rows.iter().filter_map(|row| {
        let renewal = reported.get(&row.stripe_subscription_id)?;
        assert_eq!(row.current_period_end.timestamp(), renewal.period_end, "{row:?}");
        Some((row.updated_at - renewal.at).to_std().unwrap_or_default())
    });
    let lag: Vec<_> = lag.collect();
    assert_eq!(lag.len(), reported.len());
    lag
}

/// Measured times, the shortest first.
struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty());
        times.sort_unstable();
        Self(times)
    }

    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    fn median(&self) -> Duration {
        self.percentile(50)
    }

    fn longest(&self) -> Duration {
        self.percentile(100)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, p99, longest] = [50, 99, 100].map(|percent| self.percentile(percent));
        write!(f, "{}: median {median:.0?}, p99 {p99:.0?}, max {longest:.0?}", self.0.len())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewals_of_everybody_at_once_keep_nobody_waiting_on_sqlite() {
    renews_everybody(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewals_of_everybody_at_once_keep_nobody_waiting_on_postgres() {
    renews_everybody(Backend::Postgres).await;
}
