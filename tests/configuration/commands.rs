//! Commands that run to completion print what they promise, and change nothing on errors.

use std::time::Duration;

use patch_hive::graphql::sdl;
use tokio::time::{sleep, timeout};

use super::{GOOD, secret_variables, serving::SIGN_UP, variables};
use crate::harness::{
    Process,
    program::{self, complaint},
};

/// Time limit for a revocation to be noticed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a command that must succeed in an empty folder, and returns what it printed.
async fn prints(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = program::runs(folder.path(), arguments, environment).await;
    assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_names_every_variable() {
    let help = prints(&["serve", "--help"], &[]).await;
    for name in variables() {
        assert!(help.contains(&format!("[env: {name}")), "{name} is not in the help");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_shows_no_value_of_the_environment() {
    let names = variables();
    let values: Vec<_> = names.iter().map(|name| format!("do-not-show-{name}")).collect();
    let environment: Vec<_> = names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
    for arguments in
        [&["serve", "--help"][..], &["serve", "-h"], &["token", "--help"], &["--help"], &["migrate", "up", "-h"]]
    {
        let help = prints(arguments, &environment).await;
        assert!(!help.contains("do-not-show"), "{arguments:?}\n{help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_usage_error_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let environment = secret_variables().map(|name| (name, "do-not-show-this-secret-of-thirty-two-bytes"));
    let output = program::runs(folder.path(), &["serve", "--nonsense"], &environment).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(!complaint(&output).contains("do-not-show"), "{}", complaint(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_has_help() {
    let commands = ["serve", "dev", "sandbox", "schema", "verify", "token", "health", "stripe-setup", "reconcile"]
        .map(|command| vec![command]);
    let steps = ["up", "down", "status"].map(|step| vec!["migrate", step]);
    for mut arguments in commands.into_iter().chain(steps) {
        arguments.push("--help");
        let help = prints(&arguments, &[]).await;
        assert!(help.contains("Usage: patch-hive"), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_command_prints_the_schema() {
    assert_eq!(prints(&["schema"], &[]).await.trim_end(), sdl().trim_end());
}

#[tokio::test(flavor = "multi_thread")]
async fn development_stays_on_loopback() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, address) in [("--bind", "0.0.0.0:0"), ("--bind", "[::]:0"), ("--sandbox-bind", "0.0.0.0:0")] {
        let output = program::runs(folder.path(), &["dev", flag, address], &[]).await;
        assert_eq!(output.status.code(), Some(2), "{flag} {address}");
        assert!(complaint(&output).contains("loopback"), "{}", complaint(&output));
    }
    let alone = program::runs(folder.path(), &["sandbox", "--bind", "0.0.0.0:0"], &[]).await;
    assert_eq!(alone.status.code(), Some(2), "{}", complaint(&alone));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a refused start left something behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_up_and_down_and_report_their_status() {
    let folder = tempfile::tempdir().unwrap();
    let run = async |arguments: &[&str]| {
        let output = program::runs(folder.path(), arguments, &GOOD[1..2]).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", complaint(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let count = |text: &str, word: &str| text.lines().filter(|line| line.starts_with(word)).count();

    let up = run(&["migrate", "up"]).await;
    let steps = up.lines().count();
    assert!(steps > 1 && count(&up, "applied") == steps, "{up}");
    assert_eq!(run(&["migrate", "status"]).await, up);
    run(&["verify"]).await;
    run(&["migrate", "down"]).await;
    let status = run(&["migrate", "status"]).await;
    assert_eq!((count(&status, "applied"), count(&status, "pending")), (steps - 1, 1), "{status}");
    run(&["migrate", "down", "--steps", &(steps - 1).to_string()]).await;
    assert_eq!(count(&run(&["migrate", "status"]).await, "pending"), steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_database_names_the_variable() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["migrate", "up"][..], &["migrate", "status"], &["migrate", "down"], &["verify"]] {
        let output = program::runs(folder.path(), arguments, &[]).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(complaint(&output).contains("DATABASE_URL"), "{}", complaint(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_reads_creates_no_database() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["migrate", "status"][..], &["verify"], &["token", "--email", "ada@patchhive.example"]] {
        let output = program::runs(folder.path(), arguments, &GOOD[1..3]).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(!folder.path().join("gateway.db").exists(), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_issued_for_an_existing_user_only() {
    let folder = tempfile::tempdir().unwrap();
    program::runs(folder.path(), &["migrate", "up"], &GOOD[1..2]).await;
    let arguments = ["token", "--email", "nobody@patchhive.example"];
    let output = program::runs(folder.path(), &arguments, &GOOD[1..3]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("no such user"), "{}", complaint(&output));
    let unsigned = program::runs(folder.path(), &arguments, &GOOD[1..2]).await;
    assert_eq!(unsigned.status.code(), Some(2));
    assert!(complaint(&unsigned).contains("JWT_SECRET"), "{}", complaint(&unsigned));
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_ends_the_tokens_of_a_user_at_a_running_gateway() {
    const VIEWER: &str = "{ viewer { email } }";
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["serve"], &GOOD[1..]).await;
    gateway.asks("", SIGN_UP).await;
    let admin = ["token", "--email", "ada@patchhive.example", "--role", "admin"];
    let output = program::runs(folder.path(), &admin, &GOOD[1..3]).await;
    assert!(output.status.success(), "{}", complaint(&output));
    let token = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert_eq!(gateway.asks(&token, VIEWER).await["data"]["viewer"]["email"], "ada@patchhive.example");

    let output = program::runs(folder.path(), &["revoke", "--email", "ADA@patchhive.example"], &GOOD[1..2]).await;
    assert!(output.status.success(), "{}", complaint(&output));
    let revoked = async {
        while gateway.asks(&token, VIEWER).await["errors"][0]["extensions"]["code"] != "UNAUTHENTICATED" {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, revoked).await.expect("the token stays valid");
    let unknown = program::runs(folder.path(), &["revoke", "--email", "nobody@patchhive.example"], &GOOD[1..2]).await;
    assert_eq!(unknown.status.code(), Some(1), "{}", complaint(&unknown));
    assert_eq!(gateway.stops("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admins_token_lasts_a_day_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = |ttl| ["token", "--email", "ada@patchhive.example", "--role", "admin", "--ttl", ttl];
    for ttl in ["25h", "3650d"] {
        let output = program::runs(folder.path(), &arguments(ttl), &GOOD[1..3]).await;
        assert_eq!(output.status.code(), Some(2), "{ttl}");
        assert!(complaint(&output).contains("--ttl"), "{}", complaint(&output));
    }
}
