//! Revoked tokens end before their time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::user::{self, Role};
use patch_hive::{accounts, auth::TokenId, config::Config, throttle::Address};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{asks_who, claims_with, secret, signed};
use crate::harness::{Actor, Backend, TestApp, app::run_with, facts};

/// Time limit for noticing another process's change.
const PATIENCE: Duration = Duration::from_secs(20);

const CHANGE_PASSWORD: &str =
    "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { token user { id } } }";

const LOG_IN: &str = "mutation ($input: LogInInput!) { logIn(input: $input) { token } }";

const LOG_OUT: &str = "mutation { logOut { revokedAt } }";
const LOG_OUT_EVERYWHERE: &str = "mutation { logOutEverywhere { revokedAt } }";

fn credentials(password: &str) -> Value {
    json!({ "input": { "email": "ada@patchhive.example", "password": password } })
}

/// Ada, logged in once more.
async fn logs_in(app: &TestApp, password: &str) -> Actor {
    let session = app.visitor().gets(LOG_IN, credentials(password)).await;
    app.bearer(session["token"].as_str().unwrap())
}

async fn is_valid(app: &TestApp, actor: &Actor) -> bool {
    match asks_who(app, &format!("Bearer {}", actor.token())).await {
        (200, _) => true,
        (401, code) => {
            assert_eq!(code, "UNAUTHENTICATED");
            false
        }
        other => panic!("{other:?}"),
    }
}

/// Makes an admin a user, without revoking any token.
async fn demotes(app: &TestApp, email: &str) {
    let inside = app.inside().await;
    let demoted = user::Entity::update_many().col_expr(user::Column::Role, "user".into());
    demoted.filter(user::Column::Email.eq(email)).exec(inside.database.write()).await.unwrap();
}

async fn until_invalid(app: &TestApp, actor: &Actor) {
    let invalid = async {
        while is_valid(app, actor).await {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, invalid).await.expect("the token stays valid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_an_admin_lasts_a_day_at_most_however_it_is_issued() {
    let long = |config: &mut Config| config.tokens.ttl = Duration::from_hours(30 * 24);
    run_with(Backend::Sqlite, long, async |app| {
        app.signs_up_as("root", Role::Admin).await;
        app.signs_up("ada").await;
        for (name, hours) in [("root", 24), ("ada", 30 * 24)] {
            let input =
                json!({ "email": format!("{name}@patchhive.example"), "password": format!("{name}'s password") });
            let log_in = "mutation ($input: LogInInput!) { logIn(input: $input) { expiresAt } }";
            let session = app.visitor().gets(log_in, json!({ "input": input })).await;
            let expiry: DateTime<Utc> = session["expiresAt"].as_str().unwrap().parse().unwrap();
            let left = expiry - app.inside().await.clock.wall();
            assert!((hours * 60 - 1..=hours * 60).contains(&left.num_minutes()), "{name}: {left}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_of_a_demoted_admin_closes() {
    let often = |config: &mut Config| config.limits.keep_alive = Duration::from_millis(300);
    run_with(Backend::Sqlite, often, async |app| {
        let admin = app.signs_up_as("root", Role::Admin).await;
        let mut socket = admin.watches_balance(None).await;
        socket.pushed().await;
        demotes(&app, "root@patchhive.example").await;
        assert_eq!(u16::from(socket.closes_within(PATIENCE).await.code), 4403);
    })
    .await;
}

facts! {
    async fn logging_out_ends_this_token_and_no_other(app: TestApp) {
        let first = app.signs_up("ada").await;
        let second = logs_in(&app, "ada's password").await;
        for _ in 0..2 {
            assert!(is_valid(&app, &first).await && is_valid(&app, &second).await);
        }
        assert!(first.gets(LOG_OUT, json!({})).await["revokedAt"].is_string());
        assert!(!is_valid(&app, &first).await);
        assert!(is_valid(&app, &second).await);
        assert_eq!(first.is_refused(LOG_OUT, json!({})).await, "UNAUTHENTICATED");
        assert_eq!(app.visitor().is_refused(LOG_OUT, json!({})).await, "UNAUTHENTICATED");
        // It is not forgotten with the process.
        app.restarts().await;
        assert!(!is_valid(&app, &first).await);
        assert!(is_valid(&app, &second).await);
    }

    async fn logging_out_everywhere_ends_all_tokens_and_lets_the_user_in_again_at_once(app: TestApp) {
        let first = app.signs_up("ada").await;
        let second = logs_in(&app, "ada's password").await;
        let bob = app.signs_up("bob").await;
        assert!(second.gets(LOG_OUT_EVERYWHERE, json!({})).await["revokedAt"].is_string());
        assert!(!is_valid(&app, &first).await && !is_valid(&app, &second).await);
        let third = logs_in(&app, "ada's password").await;
        assert!(is_valid(&app, &third).await && is_valid(&app, &bob).await);
    }

    async fn a_changed_password_ends_all_tokens_made_before(app: TestApp) {
        let first = app.signs_up("ada").await;
        let change = |current: &str, new: &str| json!({ "input": { "currentPassword": current, "newPassword": new } });
        for (current, new) in [("a wrong one", "another password"), ("ada's password", "short")] {
            assert_eq!(first.is_refused(CHANGE_PASSWORD, change(current, new)).await, "BAD_USER_INPUT");
        }
        let visitor = app.visitor();
        assert_eq!(visitor.is_refused(CHANGE_PASSWORD, change("a", "another password")).await, "UNAUTHENTICATED");
        assert!(is_valid(&app, &first).await);

        let session = first.gets(CHANGE_PASSWORD, change("ada's password", "another password")).await;
        let second = app.bearer(session["token"].as_str().unwrap());
        assert!(!is_valid(&app, &first).await);
        assert!(is_valid(&app, &second).await);
        assert_eq!(app.visitor().is_refused(LOG_IN, credentials("ada's password")).await, "WRONG_CREDENTIALS");
        assert!(is_valid(&app, &logs_in(&app, "another password").await).await);
    }

    async fn a_login_that_began_before_a_revocation_is_void(app: TestApp) {
        app.signs_up("ada").await;
        let inside = app.inside().await;
        let workers = std::thread::available_parallelism().unwrap().get().saturating_sub(1).max(1);
        let mut turns = Vec::new();
        for _ in 0..workers {
            turns.push(inside.throttle.password_turn(Address::default()).await.unwrap());
        }
        let visitor = app.visitor();
        let late = tokio::spawn(async move { visitor.gets(LOG_IN, credentials("ada's password")).await });
        sleep(Duration::from_millis(500)).await;
        accounts::log_out_everywhere(&inside, 1).await.unwrap();
        sleep(Duration::from_secs(2)).await;
        drop(turns);
        let session = late.await.unwrap();
        assert!(!is_valid(&app, &app.bearer(session["token"].as_str().unwrap())).await);
        assert!(is_valid(&app, &logs_in(&app, "ada's password").await).await);
    }

    async fn a_login_with_the_old_password_while_a_change_of_it_waits_is_void(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let inside = app.inside().await;
        // Nobody else can write to the user's row.
        let tx = inside.database.begin().await.unwrap();
        let same = user::Entity::update_many().col_expr(user::Column::Username, "ada".into());
        same.filter(user::Column::Id.eq(1)).exec(&tx).await.unwrap();
        let change = json!({ "input": { "currentPassword": "ada's password", "newPassword": "another password" } });
        let changing = tokio::spawn(async move { ada.gets(CHANGE_PASSWORD, change).await });
        sleep(Duration::from_secs(2)).await;
        let old = logs_in(&app, "ada's password").await;
        tx.commit().await.unwrap();
        let session = changing.await.unwrap();
        assert!(!is_valid(&app, &old).await);
        assert!(is_valid(&app, &app.bearer(session["token"].as_str().unwrap())).await);
    }

    async fn sockets_close_when_their_token_is_revoked(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let other = logs_in(&app, "ada's password").await;
        let (mut first, mut second) = (ada.watches_balance(None).await, other.watches_balance(None).await);
        first.pushed().await;
        second.pushed().await;
        ada.gets(LOG_OUT, json!({})).await;
        let revoked = Instant::now();
        let frame = first.closes().await;
        assert!(revoked.elapsed() < Duration::from_secs(2), "{:?}", revoked.elapsed());
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4403, "Forbidden: the token was revoked"));
        second.stays_silent().await;
        other.gets(LOG_OUT_EVERYWHERE, json!({})).await;
        assert_eq!(u16::from(second.closes().await.code), 4403);
    }

    async fn a_revocation_by_another_process_is_noticed(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let mut socket = ada.watches_balance(None).await;
        socket.pushed().await;
        assert!(is_valid(&app, &ada).await);
        let inside = app.inside().await;
        accounts::revoke(inside.database.write(), "ADA@patchhive.example", inside.clock.wall()).await.unwrap();
        let revoked = Instant::now();
        assert_eq!(u16::from(socket.closes_within(PATIENCE).await.code), 4403);
        // Revocations are read once a second, and this machine may be busy.
        eprintln!("the socket closed {:?} after the revocation", revoked.elapsed());
        assert!(revoked.elapsed() < Duration::from_secs(5), "{:?}", revoked.elapsed());
        until_invalid(&app, &ada).await;
        assert!(is_valid(&app, &logs_in(&app, "ada's password").await).await);
    }

    async fn a_revocation_is_noticed_however_long_it_could_not_be_read(app: TestApp) {
        let ada = app.signs_up("ada").await;
        let mut socket = ada.watches_balance(None).await;
        socket.pushed().await;
        let inside = app.inside().await;
        let long_ago = inside.clock.wall() - TimeDelta::minutes(10);
        let row = entity::revoked_token::ActiveModel {
            token: Set(TokenId::of(ada.token()).to_hex()),
            user_id: Set(1),
            revoked_at: Set(long_ago),
            expires_at: Set(long_ago + TimeDelta::days(1)),
        };
        row.insert(inside.database.write()).await.unwrap();
        socket.stays_silent().await;
        accounts::notice(&inside, long_ago).await.unwrap();
        assert_eq!(u16::from(socket.closes().await.code), 4403);
    }

    async fn a_token_allows_no_more_than_its_users_row(app: TestApp) {
        app.signs_up("ada").await;
        for role in ["admin", "service"] {
            let ada = app.bearer(&signed(secret(), &claims_with("role", json!(role))));
            assert_eq!(ada.is_refused("{ users { nodes { id } } }", json!({})).await, "FORBIDDEN");
        }
    }

    async fn a_demoted_admin_is_a_user_with_the_same_token(app: TestApp) {
        let admin = app.signs_up_as("root", Role::Admin).await;
        admin.gets("{ users { nodes { id } } }", json!({})).await;
        demotes(&app, "root@patchhive.example").await;
        let demoted = async {
            loop {
                let answer = admin.asks("{ users { nodes { id } } }").await;
                if answer["errors"][0]["extensions"]["code"] == "FORBIDDEN" {
                    break;
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        timeout(PATIENCE, demoted).await.expect("the user stays an admin");
        admin.credits().await;
    }

    async fn revoking_takes_the_role_away(app: TestApp) {
        let admin = app.signs_up_as("root", Role::Admin).await;
        let inside = app.inside().await;
        accounts::revoke(inside.database.write(), "root@patchhive.example", inside.clock.wall()).await.unwrap();
        until_invalid(&app, &admin).await;
        let input = json!({ "email": "root@patchhive.example", "password": "root's password" });
        let session = app.visitor().gets(LOG_IN, json!({ "input": input })).await;
        let root = app.bearer(session["token"].as_str().unwrap());
        assert_eq!(root.is_refused("{ users { nodes { id } } }", json!({})).await, "FORBIDDEN");
        let unknown = accounts::revoke(inside.database.write(), "nobody@patchhive.example", inside.clock.wall()).await;
        assert!(unknown.is_err());
    }

    async fn tokens_that_have_expired_are_forgotten(app: TestApp) {
        let ada = app.signs_up("ada").await;
        ada.gets(LOG_OUT, json!({})).await;
        let inside = app.inside().await;
        accounts::prune(&inside).await.unwrap();
        assert_eq!(entity::revoked_token::Entity::find().count(inside.database.read()).await.unwrap(), 1);
        entity::revoked_token::Entity::update_many()
            .col_expr(entity::revoked_token::Column::ExpiresAt, inside.clock.wall().into())
            .exec(inside.database.write())
            .await
            .unwrap();
        // The gateway's own job may have come first.
        accounts::prune(&inside).await.unwrap();
        assert_eq!(entity::revoked_token::Entity::find().count(inside.database.read()).await.unwrap(), 0);
    }
}
