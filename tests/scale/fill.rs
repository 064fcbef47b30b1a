//! Rows of many subscribers after months of business. The books hold for them.

use chrono::{DateTime, TimeDelta, Utc};
use patch_hive::clock::Clock;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// The number of rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) users: i64,
    /// Paid periods of each subscription.
    pub(crate) months: i64,
    /// One in so many subscriptions is current; the others have ended.
    pub(crate) current: i64,
}

/// Exports of a usual user, and of the tenth, who is unlimited.
const EXPORTS: [i64; 2] = [4, 3000];

/// Days in the past on which webhook events and operations were stored: longer than both are retained.
const DAYS: i64 = 100;

/// Fills a migrated database that no gateway serves yet, and lets PostgreSQL analyse it.
pub(crate) async fn fill(url: &str, size: Size) {
    let mut options = ConnectOptions::new(url);
    // Its tables of numbers and times are temporary: they belong to one connection.
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await.unwrap();
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    times(&db, size).await;
    db.execute_unprepared("BEGIN").await.unwrap();
    for statement in statements(size) {
        run(&db, &statement).await;
    }
    if postgres {
        for table in ["users", "stripe_customers", "stripe_subscriptions", "stripe_periods", "stripe_invoices"] {
            run(&db, &format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")).await;
        }
        run(&db, "SELECT setval(pg_get_serial_sequence('stripe_payment_intents', 'id'), 1000000000)").await;
    }
    db.execute_unprepared("COMMIT").await.unwrap();
    if postgres {
        run(&db, "VACUUM ANALYZE").await;
    }
    db.close().await.unwrap();
}

async fn run(db: &DatabaseConnection, sql: &str) {
    if let Err(error) = db.execute_raw(Statement::from_string(db.get_database_backend(), sql)).await {
        panic!("{error}: {sql}");
    }
}

/// Makes `numbers (n)`, `months (m, starts, ends, grace)`, of which month 0 is the present one, and `days (d, at)`.
async fn times(db: &DatabaseConnection, size: Size) {
    let longest = size.users.max(EXPORTS[1]);
    run(
        db,
        &format!(
            "CREATE TEMPORARY TABLE numbers AS WITH RECURSIVE numbers (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {longest}) SELECT n FROM numbers"
        ),
    )
    .await;
    let time = if db.get_database_backend() == DbBackend::Postgres { "timestamptz" } else { "text" };
    run(db, &format!("CREATE TEMPORARY TABLE months (m bigint, starts {time}, ends {time}, grace {time})")).await;
    run(db, &format!("CREATE TEMPORARY TABLE days (d bigint, at {time})")).await;
    let now = Clock::default().wall();
    let insert = async |sql: &str, number: i64, times: &[DateTime<Utc>]| {
        let values = [number.into()].into_iter().chain(times.iter().map(|time| (*time).into()));
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.unwrap();
    };
    for month in 0..size.months {
        let ends = now + TimeDelta::days(20 - 30 * month);
        let times = [ends - TimeDelta::days(30), ends, ends + TimeDelta::days(3)];
        insert("INSERT INTO months VALUES ($1, $2, $3, $4)", month, &times).await;
    }
    for day in -3..DAYS {
        insert("INSERT INTO days VALUES ($1, $2)", day, &[now - TimeDelta::days(day)]).await;
    }
}

/// Parts of the statements.
struct Terms {
    size: Size,
    /// The users.
    people: String,
    /// The periods of all users.
    periods: String,
    is_current: String,
    /// 1 if the user has bought a pack.
    pack: &'static str,
    /// The id of a period and of what belongs to it.
    id: String,
    /// The exports of a user.
    spends: String,
    /// The start of the first period.
    first: String,
}

const TODAY: &str = "(SELECT at FROM days WHERE d = 0)";
const LATER: &str = "(SELECT at FROM days WHERE d = -3)";
const STARTS: &str = "(SELECT starts FROM months WHERE m = 0)";
const ENDS: &str = "(SELECT ends FROM months WHERE m = 0)";
const GRACE: &str = "(SELECT grace FROM months WHERE m = 0)";

/// User `n` has customer and subscription `n`, and periods, invoices and payments from `(n - 1) * months + 1` on. One in ten
/// has STUDIO, the others have CORE and an open hold, and one in five has bought a pack.
fn statements(size: Size) -> Vec<String> {
    let Size { users, months: m, current } = size;
    let [exports, many] = EXPORTS;
    let terms = Terms {
        size,
        people: format!("numbers WHERE n <= {users}"),
        periods: format!("numbers, months WHERE n <= {users}"),
        is_current: format!("(n % {current} = 1 % {current})"),
        pack: "(CASE WHEN n % 5 = 1 THEN 1 ELSE 0 END)",
        id: format!("(n - 1) * {m} + m + 1"),
        spends: format!("(CASE WHEN n = 10 THEN {many} ELSE {exports} END)"),
        first: format!("(SELECT starts FROM months WHERE m = {})", m - 1),
    };
    [terms.people(), terms.plans(), terms.money(), terms.top_ups(), terms.entries(), terms.tasks()].concat()
}

impl Terms {
    /// Users, their accounts, and what was revoked.
    fn people(&self) -> Vec<String> {
        let Self { people, is_current, pack, spends, first, size: Size { months: m, .. }, .. } = self;
        let [exports, _] = EXPORTS;
        vec![
            format!(
                "INSERT INTO users (id, email, username, role, created_at) \
                 SELECT n, 'filled' || n || '@patchhive.example', 'filled' || n, 'user', {first} FROM {people}"
            ),
            format!(
                "INSERT INTO credit_accounts (user_id, balance, held, version, unlimited_until, updated_at) SELECT n, \
                 CASE WHEN n % 10 = 0 THEN 0 ELSE 25 * {m} + 50 * {pack} - 3 * {exports} END, \
                 CASE WHEN n % 10 = 0 THEN 0 ELSE 3 END, \
                 CASE WHEN n % 10 = 0 THEN {spends} ELSE {m} + {pack} + {exports} + 1 END, \
                 CASE WHEN n % 10 = 0 AND {is_current} THEN {GRACE} END, {TODAY} FROM {people}"
            ),
            format!(
                "INSERT INTO revoked_tokens (token, user_id, revoked_at, expires_at) \
                 SELECT 'filled' || n, n, {STARTS}, CASE WHEN n % 4 = 0 THEN {STARTS} ELSE {ENDS} END FROM {people}"
            ),
        ]
    }

    /// Customers, their subscriptions, and the paid periods.
    fn plans(&self) -> Vec<String> {
        let Self { people, periods, is_current, id, first, .. } = self;
        vec![
            format!(
                "INSERT INTO stripe_customers (id, user_id, stripe_customer_id, created_at) \
                 SELECT n, n, 'cus_filled' || n, {first} FROM {people}"
            ),
            format!(
                "INSERT INTO stripe_former_customers (user_id, stripe_customer_id, created_at) \
                 SELECT n, 'cus_former' || n, {first} FROM {people}"
            ),
            format!(
                "INSERT INTO stripe_subscriptions (id, customer_id, stripe_subscription_id, stripe_price_id, tier, status, \
                 current_period_start, current_period_end, cancel_at_period_end, payment_processing, version, fence, \
                 created_at, updated_at) SELECT n, n, 'sub_filled' || n, \
                 CASE WHEN n % 10 = 0 THEN 'price_studio' ELSE 'price_core' END, \
                 CASE WHEN n % 10 = 0 THEN 'STUDIO' ELSE 'CORE' END, \
                 CASE WHEN {is_current} THEN 'active' ELSE 'canceled' END, {STARTS}, {ENDS}, false, false, 1, 0, {first}, \
                 {STARTS} FROM {people}"
            ),
            format!(
                "INSERT INTO stripe_periods (id, user_id, stripe_subscription_id, period_end, reference, tier, paid, \
                 returned, credits_granted, credits_reversed, created_at) SELECT {id}, n, 'sub_filled' || n, ends, \
                 'sub_filled' || n || ':' || m, CASE WHEN n % 10 = 0 THEN 'STUDIO' ELSE 'CORE' END, \
                 CASE WHEN n % 10 = 0 THEN 2999 ELSE 499 END, 0, CASE WHEN n % 10 = 0 THEN 0 ELSE 25 END, 0, starts \
                 FROM {periods}"
            ),
            format!(
                "INSERT INTO stripe_invoices (id, user_id, stripe_invoice_id, amount_paid, amount_credited, fence, \
                 created_at) SELECT {id}, n, 'in_filled' || n || '_' || m, CASE WHEN n % 10 = 0 THEN 2999 ELSE 499 END, 0, \
                 0, starts FROM {periods}"
            ),
            format!(
                "INSERT INTO stripe_invoice_periods (invoice_id, period_id, tier, credits, paid) SELECT {id}, {id}, \
                 CASE WHEN n % 10 = 0 THEN 'STUDIO' ELSE 'CORE' END, CASE WHEN n % 10 = 0 THEN 0 ELSE 25 END, \
                 CASE WHEN n % 10 = 0 THEN 2999 ELSE 499 END FROM {periods}"
            ),
        ]
    }

    /// Payments of invoices and packs.
    fn money(&self) -> Vec<String> {
        let Self { people, periods, id, first, size: Size { users, months: m, .. }, .. } = self;
        vec![
            format!(
                "INSERT INTO stripe_payment_intents (id, user_id, stripe_payment_intent_id, invoice_id, amount_refunded, \
                 amount_disputed, fence, created_at) SELECT {id}, n, 'pi_filled' || n || '_' || m, {id}, 0, 0, 0, starts \
                 FROM {periods}"
            ),
            format!(
                "INSERT INTO stripe_payment_intents (id, user_id, stripe_payment_intent_id, amount_refunded, \
                 amount_disputed, fence, created_at) SELECT {users} * {m} + n, n, 'pi_pack' || n, 0, 0, 0, {first} \
                 FROM {people} AND n % 5 = 1"
            ),
            format!(
                "INSERT INTO stripe_payments (user_id, stripe_payment_intent_id, stripe_checkout_session_id, amount, \
                 currency, status, credits_granted, amount_refunded, credits_reversed, metadata, created_at) SELECT n, \
                 'pi_pack' || n, 'cs_pack' || n, 1000, 'usd', 'succeeded', 50, 0, 0, '{{}}', {first} \
                 FROM {people} AND n % 5 = 1"
            ),
        ]
    }

    /// Automatic top-ups of one user in ten, whose credits are not low, after one that failed.
    fn top_ups(&self) -> Vec<String> {
        let Self { people, first, .. } = self;
        vec![
            format!(
                "INSERT INTO auto_top_ups (user_id, below, credits, monthly_cap, enabled, declines, payment_method, version, \
                 updated_at) SELECT n, 1, 25, 5000, TRUE, 1, 'pm_filled' || n, 3, {first} FROM {people} AND n % 10 = 1"
            ),
            format!(
                "INSERT INTO top_ups (user_id, decided_version, available, below, credits, amount, cap, month, state, \
                 created_at, ended_at) SELECT n, 0, 0, 1, 25, 500, 5000, '2020-01', 'failed', {first}, {first} \
                 FROM {people} AND n % 10 = 1"
            ),
        ]
    }

    /// The ledger, and what was corrected by hand.
    fn entries(&self) -> Vec<String> {
        let Self { people, periods, pack, spends, size: Size { users, months: m, .. }, .. } = self;
        let [exports, many] = EXPORTS;
        vec![
            format!(
                "INSERT INTO credits_ledger (user_id, version, change_type, credits_delta, balance_after, source, \
                 reference, created_at) SELECT n, {m} - m, 'Grant', 25, 25 * ({m} - m), \
                 'grant:in_filled' || n || '_' || m || ':sub_filled' || n || ':' || m, 'sub_filled' || n || ':' || m, starts \
                 FROM {periods} AND n % 10 <> 0"
            ),
            format!(
                "INSERT INTO credits_ledger (user_id, version, change_type, credits_delta, balance_after, source, \
                 reference, created_at) SELECT n, {m} + 1, 'Purchase', 50, 25 * {m} + 50, 'payment:pi_pack' || n, \
                 'pi_pack' || n, {STARTS} FROM {people} AND n % 5 = 1"
            ),
            format!(
                "INSERT INTO credits_ledger (user_id, version, change_type, credits_delta, balance_after, source, \
                 reference, created_at) SELECT n, CASE WHEN n % 10 = 0 THEN k ELSE {m} + {pack} + k END, 'Spend', \
                 CASE WHEN n % 10 = 0 THEN 0 ELSE -3 END, \
                 CASE WHEN n % 10 = 0 THEN 0 ELSE 25 * {m} + 50 * {pack} - 3 * k END, 'export:' || n || ':key' || k, \
                 'run' || k, {TODAY} FROM (SELECT n AS k FROM numbers WHERE n <= {many}) AS exports, numbers \
                 WHERE n <= {users} AND k <= {spends}"
            ),
            format!(
                "INSERT INTO credits_ledger (user_id, version, change_type, credits_delta, held_delta, balance_after, source, \
                 reference, created_at) SELECT n, {m} + {pack} + {exports} + 1, 'Hold', 0, 3, \
                 25 * {m} + 50 * {pack} - 3 * {exports}, 'export:' || n || ':held', 'held', {TODAY} \
                 FROM {people} AND n % 10 <> 0"
            ),
            format!(
                "INSERT INTO credit_holds (id, user_id, run, credits, created_at, expires_at, extendable_until) \
                 SELECT id, user_id, reference, held_delta, created_at, {LATER}, {LATER} FROM credits_ledger \
                 WHERE change_type = 'Hold'"
            ),
            format!("INSERT INTO manual_entries (entry_id, actor_id) SELECT n, 1 FROM {people}"),
            format!(
                "INSERT INTO admin_actions (actor_id, kind, user_id, entry_id, created_at) \
                 SELECT 1, 'adjust_credits', n, n, {TODAY} FROM {people}"
            ),
        ]
    }

    /// Webhooks, operations, and the tasks of the queue.
    fn tasks(&self) -> Vec<String> {
        let Self { people, is_current, size: Size { users, .. }, .. } = self;
        vec![
            format!(
                "INSERT INTO stripe_events (event_id, type, livemode, created, payload, status, attempts, error, \
                 received_at, applied_at) SELECT 'evt_filled' || n, CASE n % 3 WHEN 0 THEN 'invoice.paid' \
                 WHEN 1 THEN 'customer.subscription.updated' ELSE 'charge.refunded' END, false, at, '{{}}', \
                 CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 3 = 0 THEN 'ignored' ELSE 'applied' END, 1, NULL, at, at \
                 FROM numbers JOIN days ON d = n % {DAYS} WHERE n <= {users}"
            ),
            format!(
                "INSERT INTO stripe_events (event_id, type, livemode, created, payload, status, waits_for, attempts, \
                 received_at) SELECT 'evt_waiting' || n, 'customer.subscription.updated', false, {TODAY}, '{{}}', \
                 'waiting', 'subscription:sub_filled' || n, 1, {TODAY} FROM {people}"
            ),
            format!(
                "INSERT INTO stripe_operations (user_id, kind, idempotency_key, request, state, created_at) SELECT n, \
                 CASE WHEN n % 2 = 0 THEN 'checkout' ELSE 'purchase' END, 'filled' || n, '{{}}', \
                 CASE WHEN n % 20 = 0 THEN 'refused' ELSE 'done' END, at \
                 FROM numbers JOIN days ON d = n % {DAYS} WHERE n <= {users}"
            ),
            format!(
                "INSERT INTO stripe_checkouts (user_id, stripe_checkout_session_id, tier, amount, currency, status, \
                 created_at) SELECT n, 'cs_filled' || n, 'CORE', 499, 'usd', 'paid', at \
                 FROM numbers JOIN days ON d = n % {DAYS} WHERE n <= {users}"
            ),
            format!(
                "INSERT INTO work (kind, key, due_at, generation, attempts, lease, error, created_at) \
                 SELECT 'look', 'subscription:sub_filled' || n, {LATER}, 1, 0, 0, NULL, {TODAY} FROM {people} \
                 UNION ALL SELECT 'event', 'evt_filled' || n, {LATER}, 1, 1, 0, 'failed', {TODAY} FROM {people} \
                 UNION ALL SELECT 'hold', CAST(id AS text), expires_at, 1, 0, 0, NULL, created_at FROM credit_holds \
                 UNION ALL SELECT 'unlimited', CAST(n AS text), {GRACE}, 1, 0, 0, NULL, {TODAY} \
                 FROM {people} AND n % 10 = 0 AND {is_current}"
            ),
        ]
    }
}
