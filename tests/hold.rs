//! Credits are held while an export runs, and charged, released or returned by the clock at its end.

mod credits;
mod input;
mod once;
mod verified;

use std::time::Duration;

use chrono::DateTime;
use entity::{
    credit_hold,
    user::Role,
    work::{self, Kind},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::harness::{Actor, TestApp, actor::row, facts};

pub(crate) const RESERVE: &str = "mutation ($input: ReserveExportInput!) { reserveExport(input: $input) { __typename \
    ... on Hold { id runId credits state capturedCredits createdAt expiresAt endedAt ticket \
    balance { credits held available exportsLeft version } } \
    ... on InsufficientCredits { message required available shortfall } } }";

pub(crate) const CAPTURE: &str = "mutation ($input: CaptureHoldInput!) { captureHold(input: $input) { __typename \
    ... on ExportCharge { id runId credits replayed refunded ticket balance { credits held available version } } \
    ... on HoldEnded { message state endedAt hold { id state capturedCredits } } } }";

pub(crate) const EXTEND: &str = "mutation ($input: ExtendHoldInput!) { extendHold(input: $input) { __typename \
    ... on Hold { id state expiresAt balance { held version } } ... on HoldEnded { state endedAt } } }";

pub(crate) const RELEASE: &str = "mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) { __typename \
    ... on Hold { id state expiresAt endedAt ticket balance { credits held available version } } \
    ... on HoldEnded { state endedAt } } }";

const HOLD: &str = "query ($id: ID!) { hold(id: $id) { id runId credits state capturedCredits expiresAt endedAt \
    ticket balance { held } } }";

const HOLDS: &str = "query ($first: Int, $after: String) { viewer { holds(first: $first, after: $after) { \
    nodes { id state } pageInfo { hasNextPage endCursor } } } }";

const BALANCE: &str = "{ balance { credits held available exportsLeft version } }";

const WATCH: &str = "subscription ($after: Int) { balanceChanged(afterVersion: $after) { version \
    balance { credits held available } entry { changeType kind creditsDelta heldDelta runId holdId } } }";

const GRANT: &str = "mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { version } }";

/// Time limit for the queue to end a hold.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn reservation(run: &str, key: &str) -> Value {
    json!({ "input": { "runId": run, "idempotencyKey": key } })
}

pub(crate) fn of(hold: &Value) -> Value {
    json!({ "input": { "holdId": hold["id"] } })
}

fn capture(hold: &Value, credits: i64) -> Value {
    json!({ "input": { "holdId": hold["id"], "credits": credits } })
}

fn extension(hold: &Value, ttl: i64) -> Value {
    json!({ "input": { "holdId": hold["id"], "ttl": ttl } })
}

async fn reserves(user: &Actor, run: &str, key: &str) -> Value {
    user.gets(RESERVE, reservation(run, key)).await
}

/// A new user with some credits, in one entry.
async fn with_credits(app: &TestApp, name: &str, credits: i64) -> Actor {
    let user = app.signs_up(name).await;
    let admin = app.signs_up_as(&format!("{name}s-admin"), Role::Admin).await;
    let id = user.row().await.to_string();
    let input = json!({ "userId": id, "credits": credits, "reason": "a gift", "idempotencyKey": name });
    admin.gets(GRANT, json!({ "input": input })).await;
    user
}

async fn balance(user: &Actor) -> Value {
    user.gets(BALANCE, json!({})).await
}

/// Lets the time of a hold be over.
async fn runs_out(app: &TestApp, hold: &Value) {
    let inside = app.inside().await;
    let expire =
        credit_hold::Entity::update_many().col_expr(credit_hold::Column::ExpiresAt, Expr::value(DateTime::UNIX_EPOCH));
    expire.filter(credit_hold::Column::Id.eq(row(&hold["id"]))).exec(inside.database.write()).await.unwrap();
}

/// Lets a hold expire, and waits until the queue has ended it.
pub(crate) async fn expires(app: &TestApp, hold: &Value) {
    runs_out(app, hold).await;
    let (inside, id) = (app.inside().await, row(&hold["id"]));
    let due = work::Entity::update_many().col_expr(work::Column::DueAt, Expr::value(DateTime::UNIX_EPOCH));
    let due = due.filter(work::Column::Kind.eq(Kind::Hold)).filter(work::Column::Key.eq(id.to_string()));
    due.exec(inside.database.write()).await.unwrap();
    inside.work.wake();
    let ended = async {
        while credit_hold::Entity::find_by_id(id).one(inside.database.read()).await.unwrap().is_some() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, ended).await.expect("the hold did not expire in time");
}

/// The claims of a token, without a check of its signature.
fn claims(token: &Value) -> Value {
    jsonwebtoken::dangerous::insecure_decode_claims(token.as_str().unwrap()).unwrap()
}

facts! {
    async fn a_reserved_export_is_charged_when_it_is_captured(app: TestApp) {
        let ada = with_credits(&app, "ada", 10).await;
        let hold = reserves(&ada, "run", "key").await;
        assert_eq!((&hold["__typename"], &hold["state"], &hold["credits"]), (&json!("Hold"), &json!("OPEN"), &json!(3)));
        let expected = json!({ "credits": 10, "held": 3, "available": 7, "exportsLeft": 2, "version": 2 });
        assert_eq!((&hold["balance"], &balance(&ada).await), (&expected, &expected));

        let service = app.signs_up_as("exporter", Role::Service).await;
        let charge = service.gets(CAPTURE, of(&hold)).await;
        assert_eq!((&charge["runId"], &charge["credits"], &charge["replayed"]), (&json!("run"), &json!(3), &json!(false)));
        assert_eq!(charge["ticket"], Value::Null, "the export has run");
        let spent = json!({ "credits": 7, "held": 0, "available": 7, "version": 3 });
        assert_eq!(charge["balance"], spent);

        let ended = ada.gets(HOLD, json!({ "id": hold["id"] })).await;
        let facts = (&ended["state"], &ended["capturedCredits"], &ended["credits"], &ended["expiresAt"], &ended["ticket"]);
        assert_eq!(facts, (&json!("CAPTURED"), &json!(3), &json!(3), &Value::Null, &Value::Null));
        assert!(ended["endedAt"].is_string());
    }

    async fn a_part_is_captured_and_the_rest_released(app: TestApp) {
        let ada = with_credits(&app, "ada", 10).await;
        let hold = reserves(&ada, "run", "key").await;
        let charge = ada.gets(CAPTURE, capture(&hold, 2)).await;
        assert_eq!((&charge["credits"], &charge["balance"]["credits"]), (&json!(2), &json!(8)));
        assert_eq!(charge["balance"]["held"], 0);
        let again = ada.gets(CAPTURE, capture(&hold, 2)).await;
        assert_eq!((&again["id"], &again["replayed"]), (&charge["id"], &json!(true)));
        let other = ada.gets(CAPTURE, of(&hold)).await;
        assert_eq!((&other["state"], &other["hold"]["capturedCredits"]), (&json!("CAPTURED"), &json!(2)));
        assert_eq!(balance(&ada).await["credits"], 8);
    }

    async fn a_captured_export_that_failed_nevertheless_is_refunded(app: TestApp) {
        let (ada, service) = (with_credits(&app, "ada", 3).await, app.signs_up_as("exporter", Role::Service).await);
        let hold = reserves(&ada, "run", "key").await;
        let charge = service.gets(CAPTURE, of(&hold)).await;
        let input = json!({ "input": { "chargeId": charge["id"], "reason": "the file is broken" } });
        let refund = "mutation ($input: RefundExportInput!) { refundExport(input: $input) { creditsDelta runId } }";
        assert_eq!(service.gets(refund, input).await, json!({ "creditsDelta": 3, "runId": "run" }));
        assert_eq!(balance(&ada).await["available"], 3);
        let again = service.gets(CAPTURE, of(&hold)).await;
        assert_eq!((&charge["refunded"], &again["id"], &again["refunded"]), (&json!(false), &charge["id"], &json!(true)));
        let hold = json!({ "input": { "chargeId": hold["id"], "reason": "no charge" } });
        assert_eq!(service.is_refused(refund, hold).await, "NOT_FOUND");
    }

    async fn a_released_hold_costs_nothing(app: TestApp) {
        let ada = with_credits(&app, "ada", 3).await;
        let hold = reserves(&ada, "run", "key").await;
        let released = ada.gets(RELEASE, of(&hold)).await;
        assert_eq!((&released["state"], &released["expiresAt"]), (&json!("RELEASED"), &Value::Null));
        assert_eq!(released["balance"], json!({ "credits": 3, "held": 0, "available": 3, "version": 3 }));
        let again = ada.gets(RELEASE, of(&hold)).await;
        assert_eq!((&again["__typename"], &again["endedAt"]), (&json!("Hold"), &released["endedAt"]));
        let late = ada.gets(CAPTURE, of(&hold)).await;
        assert_eq!((&late["__typename"], &late["state"]), (&json!("HoldEnded"), &json!("RELEASED")));
        assert_eq!(ada.gets(EXTEND, of(&hold)).await["state"], "RELEASED");
        assert_eq!(balance(&ada).await["version"], 3);
    }

    async fn a_hold_expires_and_late_captures_see_when(app: TestApp) {
        let ada = with_credits(&app, "ada", 6).await;
        let (first, second) = (reserves(&ada, "one", "one").await, reserves(&ada, "two", "two").await);
        expires(&app, &first).await;
        assert_eq!(balance(&ada).await, json!({ "credits": 6, "held": 3, "available": 3, "exportsLeft": 1, "version": 4 }));
        // The queue has not come to the second one yet.
        runs_out(&app, &second).await;
        for hold in [&first, &second] {
            let late = ada.gets(CAPTURE, of(hold)).await;
            assert_eq!((&late["__typename"], &late["state"]), (&json!("HoldEnded"), &json!("EXPIRED")));
            assert!(late["endedAt"].is_string());
            assert_eq!(ada.gets(EXTEND, of(hold)).await["state"], "EXPIRED");
            assert_eq!(ada.gets(RELEASE, of(hold)).await["state"], "EXPIRED");
        }
        assert_eq!(balance(&ada).await, json!({ "credits": 6, "held": 0, "available": 6, "exportsLeft": 2, "version": 5 }));
        assert_eq!(app.works_off(Kind::Hold).await, 0, "a hold's task ends with it");
    }

    async fn a_hold_expires_without_anybodys_request(app: TestApp) {
        let ada = with_credits(&app, "ada", 3).await;
        let mut input = reservation("run", "key");
        input["input"]["ttl"] = json!(1);
        let mut watcher = ada.connects().await;
        ada.gets(RESERVE, input).await;
        watcher.subscribes("balance", WATCH, json!({ "after": 2 })).await;
        let change = watcher.pushed().await;
        assert_eq!((&change["entry"]["kind"], &change["balance"]["held"]), (&json!("HOLD_EXPIRED"), &json!(0)));
    }

    async fn an_extended_hold_lasts_longer_and_at_most_a_day(app: TestApp) {
        let ada = with_credits(&app, "ada", 3).await;
        let hold = reserves(&ada, "run", "key").await;
        let shorter = ada.gets(EXTEND, extension(&hold, 60)).await;
        assert_eq!((&shorter["expiresAt"], &shorter["balance"]["version"]), (&hold["expiresAt"], &json!(2)));
        let longer = ada.gets(EXTEND, extension(&hold, 3600)).await;
        assert!(longer["expiresAt"].as_str() > hold["expiresAt"].as_str(), "{longer}");
        // At the end of a minute: extensions that are repeated within it change nothing.
        assert!(longer["expiresAt"].as_str().unwrap().ends_with(":00.000Z"), "{longer}");
        assert_eq!(longer["balance"], json!({ "held": 3, "version": 3 }));
        // The task of the queue leaves a hold alone that has not expired.
        app.works_off(Kind::Hold).await;
        assert_eq!(ada.gets(HOLD, json!({ "id": hold["id"] })).await["expiresAt"], longer["expiresAt"]);
        assert_eq!(ada.is_refused(EXTEND, extension(&hold, 86_400)).await, "BAD_USER_INPUT");
        assert_eq!(ada.gets(CAPTURE, of(&hold)).await["credits"], 3);
    }

    async fn the_ticket_of_a_hold_names_it(app: TestApp) {
        let ada = with_credits(&app, "ada", 6).await;
        let hold = reserves(&ada, "run", "key").await;
        let ticket = claims(&hold["ticket"]);
        assert_eq!((&ticket["aud"], &ticket["run"]), (&json!("patchbook-export"), &json!("run")));
        assert_eq!((&ticket["hold"], &ticket["jti"]), (&hold["id"], &json!(row(&hold["id"]).to_string())));
        assert_eq!(ticket["exp"].as_i64().unwrap() - ticket["iat"].as_i64().unwrap(), 300);
        let service = app.signs_up_as("exporter", Role::Service).await;
        let input = json!({ "input": { "holdId": ticket["jti"] } });
        assert_eq!(service.gets(CAPTURE, input).await["credits"], 3, "the jti names the hold too");

        let mut short = reservation("run", "short");
        short["input"]["ttl"] = json!(60);
        let ticket = claims(&ada.gets(RESERVE, short).await["ticket"]);
        assert!(ticket["exp"].as_i64().unwrap() - ticket["iat"].as_i64().unwrap() <= 60, "a ticket does not outlive its hold");
    }

    async fn watchers_see_each_step(app: TestApp) {
        let ada = with_credits(&app, "ada", 9).await;
        let mut watcher = ada.connects().await;
        watcher.subscribes("balance", WATCH, json!({ "after": 1 })).await;
        let holds = [reserves(&ada, "a", "a").await, reserves(&ada, "b", "b").await];
        ada.gets(EXTEND, extension(&holds[0], 3600)).await;
        ada.gets(CAPTURE, capture(&holds[0], 1)).await;
        ada.gets(RELEASE, of(&holds[1])).await;
        let expected = [
            (2, "HOLD", "HOLD", 0, 3, 0, [9, 3, 6]),
            (3, "HOLD", "HOLD", 0, 3, 1, [9, 6, 3]),
            (4, "HOLD", "HOLD_EXTENDED", 0, 0, 0, [9, 6, 3]),
            (5, "SPEND", "EXPORT", -1, -3, 0, [8, 3, 5]),
            (6, "RELEASE", "HOLD_RELEASED", 0, -3, 1, [8, 0, 8]),
        ];
        // A watcher who comes later reads the same.
        let mut late = ada.connects().await;
        late.subscribes("balance", WATCH, json!({ "after": 1 })).await;
        for (version, change, kind, credits, held, number, [all, kept, free]) in expected {
            let expected = json!({
                "version": version,
                "balance": { "credits": all, "held": kept, "available": free },
                "entry": {
                    "changeType": change, "kind": kind, "creditsDelta": credits, "heldDelta": held,
                    "runId": if number == 0 { "a" } else { "b" }, "holdId": holds[number]["id"],
                },
            });
            assert_eq!(watcher.pushed().await, expected);
            assert_eq!(late.pushed().await, expected);
        }
    }

    async fn open_holds_are_listed_newest_first(app: TestApp) {
        let ada = with_credits(&app, "ada", 20).await;
        let mut holds = Vec::new();
        for key in ["a", "b", "c", "d"] {
            holds.push(reserves(&ada, "run", key).await);
        }
        ada.gets(RELEASE, of(&holds[1])).await;
        let page = ada.gets(HOLDS, json!({ "first": 2 })).await["holds"].clone();
        assert_eq!(page["nodes"], json!([
            { "id": holds[3]["id"], "state": "OPEN" }, { "id": holds[2]["id"], "state": "OPEN" },
        ]));
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        let page = ada.gets(HOLDS, json!({ "after": page["pageInfo"]["endCursor"] })).await["holds"].clone();
        assert_eq!(page["nodes"], json!([{ "id": holds[0]["id"], "state": "OPEN" }]));
    }
}
