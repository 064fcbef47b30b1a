//! Usage counts exports and the credits spent on them, by the days and months of a time zone.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::user::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, TestApp, facts};

const USAGE: &str = "query ($from: DateTime!, $to: DateTime!, $by: UsageInterval!) { \
    usage(from: $from, to: $to, by: $by) { from to exports credits } }";

const IN_ZONE: &str = "query ($from: DateTime!, $to: DateTime!, $by: UsageInterval!, $zone: String) { \
    usage(from: $from, to: $to, by: $by, timeZone: $zone) { from to exports } }";

const EVERY_EXPORT: &str = "{ ledger(first: 100, changeType: SPEND) { nodes { creditsDelta createdAt } } }";

/// A user with enough credits for ten exports.
async fn exporter(app: &TestApp, name: &str) -> Actor {
    let (user, admin) = (app.signs_up(name).await, app.signs_up_as(&format!("{name}-admin"), Role::Admin).await);
    let id = user.gets("{ viewer { id } }", json!({})).await["id"].clone();
    let grant = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { id } }";
    let input = json!({ "userId": id, "credits": 30, "reason": "a gift", "idempotencyKey": "gift" });
    admin.gets(grant, json!({ "input": input })).await;
    user
}

async fn exports(user: &Actor, times: usize) {
    for _ in 0..times {
        let key = user.balance().await["version"].to_string();
        assert_eq!(user.exports("run", &key).await["__typename"], "ExportCharge");
    }
}

fn range(from: DateTime<Utc>, to: DateTime<Utc>, by: &str) -> Value {
    json!({ "from": from.to_rfc3339(), "to": to.to_rfc3339(), "by": by })
}

fn in_zone(mut range: Value, zone: &str) -> Value {
    range["zone"] = json!(zone);
    range
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Exports and credits, by the name of a day or month.
type Counts = BTreeMap<String, (i64, i64)>;

/// Counts of the intervals with exports.
fn counts(usage: &Value, name: &str) -> Counts {
    let busy = usage.as_array().unwrap().iter().filter(|part| part["exports"] != 0);
    let named = busy.map(|part| {
        let count = (part["exports"].as_i64().unwrap(), part["credits"].as_i64().unwrap());
        (time(&part["from"]).format(name).to_string(), count)
    });
    named.collect()
}

/// Exports and credits by the entries of the ledger.
async fn ledger(user: &Actor, name: &str) -> Counts {
    let mut counts = Counts::new();
    for entry in user.gets(EVERY_EXPORT, json!({})).await["nodes"].as_array().unwrap() {
        let count = counts.entry(time(&entry["createdAt"]).format(name).to_string()).or_default();
        *count = (count.0 + 1, count.1 - entry["creditsDelta"].as_i64().unwrap());
    }
    counts
}

facts! {
    async fn usage_counts_the_exports_of_the_ledger_by_day_and_month(app: TestApp) {
        let (ada, bob) = (exporter(&app, "ada").await, exporter(&app, "bob").await);
        let start = app.inside().await.clock.now();
        for (times, days) in [(2, 1), (1, 0), (2, 26), (1, 5)] {
            exports(&ada, times).await;
            app.sandbox().advance(Duration::from_hours(days * 24)).await;
        }
        exports(&bob, 1).await;
        let end = app.inside().await.clock.now();
        for (by, name, most) in [("DAY", "%F", 33), ("MONTH", "%Y-%m", 3)] {
            let usage = ada.gets(USAGE, range(start, end, by)).await;
            assert_eq!(counts(&usage, name), ledger(&ada, name).await);
            assert_eq!(counts(&usage, name).values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)), (6, 18));
            let parts = usage.as_array().unwrap();
            assert!(parts.len() <= most, "{by}: {} intervals", parts.len());
            assert!(parts.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "{usage}");
        }
        let theirs = bob.gets(USAGE, range(start, end + TimeDelta::seconds(1), "MONTH")).await;
        assert_eq!(counts(&theirs, "").values().collect::<Vec<_>>(), [&(1, 3)]);
    }

    async fn days_are_those_of_the_time_zone(app: TestApp) {
        let ada = exporter(&app, "ada").await;
        let start = app.inside().await.clock.now();
        for hours in [5, 7, 13, 11, 20] {
            exports(&ada, 1).await;
            app.sandbox().advance(Duration::from_hours(hours)).await;
        }
        let end = app.inside().await.clock.now();
        let entries = ada.gets(EVERY_EXPORT, json!({})).await["nodes"].as_array().unwrap().clone();
        for name in ["Asia/Kathmandu", "America/New_York", "Pacific/Kiritimati", "Etc/UTC"] {
            let zone: Tz = name.parse().unwrap();
            let day = |value: &Value| time(value).with_timezone(&zone).date_naive();
            let mut expected = BTreeMap::<_, i64>::new();
            for entry in &entries {
                *expected.entry(day(&entry["createdAt"])).or_default() += 1;
            }
            let usage = ada.gets(IN_ZONE, in_zone(range(start, end, "DAY"), name)).await;
            let parts = usage.as_array().unwrap();
            let busy = parts.iter().filter(|part| part["exports"] != 0);
            let found: BTreeMap<_, _> = busy.map(|part| (day(&part["from"]), part["exports"].as_i64().unwrap())).collect();
            assert_eq!(found, expected, "{name}");
            for part in &parts[1..] {
                assert_eq!(time(&part["from"]).with_timezone(&zone).format("%T").to_string(), "00:00:00", "{name}");
            }
        }
        // Clocks are set forward.
        let short = json!({ "from": "2026-03-28T23:00:00Z", "to": "2026-03-29T22:00:01Z", "by": "DAY" });
        let usage = ada.gets(IN_ZONE, in_zone(short, "Europe/Berlin")).await;
        assert_eq!((usage.as_array().unwrap().len(), &usage[0]["to"]), (2, &json!("2026-03-29T22:00:00.000Z")));
    }

    async fn a_time_zone_that_does_not_exist_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let day = json!({ "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "by": "DAY" });
        for odd in ["", "Mars/Olympus", "+02:00", "europe/berlin", "a\u{0}b"] {
            let answer = ada.asks_with(IN_ZONE, in_zone(day.clone(), odd)).await;
            let extensions = &answer["errors"][0]["extensions"];
            let expected = (&json!("BAD_USER_INPUT"), &json!("timeZone"), &json!("TIME_ZONE"));
            assert_eq!((&extensions["code"], &extensions["field"], &extensions["format"]), expected, "{odd}");
        }
        let mut none = day;
        none["zone"] = Value::Null;
        assert_eq!(ada.gets(IN_ZONE, none).await.as_array().unwrap().len(), 1);
    }

    async fn days_without_exports_are_there_with_zeros_and_the_ends_are_cut(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let at = |day: u32, hour: u32| format!("2026-02-{day:02}T{hour:02}:00:00.000Z");
        let usage = ada.gets(USAGE, json!({ "from": at(27, 18), "to": "2026-03-01T06:00:00Z", "by": "DAY" })).await;
        let part = |from: String, to: String| (from, to);
        let parts: Vec<_> = usage.as_array().unwrap().iter().map(|part| {
            assert_eq!((&part["exports"], &part["credits"]), (&json!(0), &json!(0)));
            (time(&part["from"]), time(&part["to"]))
        }).collect();
        let expected = [
            part(at(27, 18), at(28, 0)),
            part(at(28, 0), "2026-03-01T00:00:00Z".to_owned()),
            part("2026-03-01T00:00:00Z".to_owned(), "2026-03-01T06:00:00Z".to_owned()),
        ];
        assert_eq!(parts, expected.map(|(from, to)| (time(&json!(from)), time(&json!(to)))));
    }

    async fn a_range_includes_its_start_and_excludes_its_end(app: TestApp) {
        let ada = exporter(&app, "ada").await;
        exports(&ada, 1).await;
        let made = time(&ada.gets(EVERY_EXPORT, json!({})).await["nodes"][0]["createdAt"]);
        let second = TimeDelta::seconds(1);
        for (from, to, count) in [(made, made + second, 1), (made - second, made, 0)] {
            let usage = ada.gets(USAGE, range(from, to, "MONTH")).await;
            let exports: i64 = usage.as_array().unwrap().iter().map(|part| part["exports"].as_i64().unwrap()).sum();
            assert_eq!(exports, count, "{usage}");
        }
    }

    async fn unlimited_exports_count_and_cost_nothing_and_a_refund_is_no_export(app: TestApp) {
        let (ada, service) = (app.signs_up("ada").await, app.signs_up_as("exporter", Role::Service).await);
        ada.subscribes("STUDIO").await;
        exports(&ada, 2).await;
        let bob = exporter(&app, "bob").await;
        let charge = bob.exports("run", "key").await["id"].clone();
        let refund = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { id } }";
        service.gets(refund, json!({ "input": { "chargeId": charge, "reason": "it failed" } })).await;
        let now = app.inside().await.clock.now();
        for (user, expected) in [(&ada, (2, 0)), (&bob, (1, 3))] {
            let usage = user.gets(USAGE, range(now - TimeDelta::hours(1), now + TimeDelta::hours(1), "MONTH")).await;
            assert_eq!(counts(&usage, "").values().collect::<Vec<_>>(), [&expected]);
        }
    }

    async fn a_range_that_is_empty_or_too_long_is_refused(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let year = "2024-01-01T00:00:00Z";
        for (from, to, by) in [
            (year, year, "DAY"),
            (year, "2023-12-31T00:00:00Z", "MONTH"),
            (year, "2025-01-01T00:00:00.001Z", "DAY"),
            (year, "2054-07-01T00:00:01Z", "MONTH"),
            ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "DAY"),
        ] {
            let answer = ada.asks_with(USAGE, json!({ "from": from, "to": to, "by": by })).await;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!((&extensions["code"], &extensions["field"]), (&json!("BAD_USER_INPUT"), &json!("to")), "{answer}");
        }
        let leap_year = ada.gets(USAGE, json!({ "from": year, "to": "2025-01-01T00:00:00Z", "by": "DAY" })).await;
        assert_eq!(leap_year.as_array().unwrap().len(), 366);
        for (from, by) in [("yesterday", "DAY"), ("2024-02-30T00:00:00Z", "DAY"), (year, "WEEK")] {
            let variables = json!({ "from": from, "to": "2025-01-01T00:00:00Z", "by": by });
            assert_eq!(ada.is_refused(USAGE, variables).await, "BAD_REQUEST", "{from} {by}");
        }
    }

    async fn usage_is_private_and_the_same_under_the_viewer(app: TestApp) {
        let ada = exporter(&app, "ada").await;
        exports(&ada, 2).await;
        let now = app.inside().await.clock.now();
        let month = range(now - TimeDelta::days(i64::from(now.day())), now + TimeDelta::hours(1), "DAY");
        assert_eq!(app.visitor().is_refused(USAGE, month.clone()).await, "UNAUTHENTICATED");
        let document = USAGE.replace("usage(", "viewer { usage(") + " }";
        assert_eq!(ada.gets(&document, month.clone()).await["usage"], ada.gets(USAGE, month.clone()).await);
        assert_eq!(app.visitor().gets(&document, month).await, Value::Null);
    }

    async fn several_counts_in_one_document_are_limited(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let count = |number| format!("u{number}: usage(from: \"2026-01-01T00:00:00Z\", to: \"2026-01-02T00:00:00Z\", by: DAY) \
            {{ exports }} ");
        let document = |counts: usize| format!("{{ viewer {{ {} }} }}", (0..counts).map(count).collect::<String>());
        assert!(ada.asks(&document(4)).await.get("errors").is_none());
        assert_eq!(ada.is_refused(&document(6), json!({})).await, "TOO_COMPLEX");
    }
}
