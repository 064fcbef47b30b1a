use chrono::{DateTime, TimeDelta};

use super::*;

fn account(user_id: i64, balance: i64) -> credit_account::Model {
    let updated_at = DateTime::UNIX_EPOCH;
    credit_account::Model { user_id, balance, held: 0, version: 7, unlimited_until: None, updated_at }
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(1)
}

fn spend(user_id: i64, source: &str) -> Spend {
    Spend { user_id, cost: 3, source: source.to_owned(), run: "run".to_owned(), now: now() }
}

fn charge(user_id: i64, source: &str) -> Step {
    Step::Charge(spend(user_id, source))
}

fn reserve(user_id: i64, source: &str) -> Step {
    let (wall, minutes) = (now(), TimeDelta::minutes);
    let (expires_at, extendable_until) = (wall + minutes(15), wall + minutes(60));
    Step::Reserve(Reservation { spend: spend(user_id, source), expires_at, extendable_until, wall })
}

/// A hold of three credits that expires in a minute.
fn hold(id: i64, user_id: i64) -> credit_hold::Model {
    let (created_at, expires_at) = (now(), now() + TimeDelta::minutes(1));
    let run = "run".to_owned();
    credit_hold::Model { id, user_id, run, credits: 3, created_at, expires_at, extendable_until: expires_at }
}

fn change(user_id: i64, hold_id: i64, action: HoldAction) -> Step {
    Step::Change(HoldChange { user_id, hold_id, action, now: now(), wall: now() })
}

fn change_late(user_id: i64, hold_id: i64, action: HoldAction) -> Step {
    let wall = now() + TimeDelta::minutes(1);
    Step::Change(HoldChange { user_id, hold_id, action, now: now(), wall })
}

/// Decides, in the place of a database that stores every entry.
fn outcomes(steps: &[Step], rows: Rows) -> Vec<Resolution> {
    outcomes_if(steps, rows, |_| true)
}

/// Decides, in the place of a database that stores the entries of some users.
fn outcomes_if(steps: &[Step], rows: Rows, is_stored: impl Fn(i64) -> bool) -> Vec<Resolution> {
    let steps: Vec<_> = steps.iter().collect();
    let decided = decide(&steps, rows);
    let stored = decided.entries.iter().zip(100..).filter(|(entry, _)| is_stored(entry.user_id));
    let stored = stored.map(|(entry, id)| ledger_entry::Model { id, ..entry.clone() }).collect();
    decided.resolutions(&steps, stored)
}

fn text(outcome: &Outcome) -> String {
    if let Some((entry, account)) = outcome.posted() {
        assert_eq!((entry.version, entry.balance_after), (account.version, account.balance));
        let (kind, held) = (entry.source.split(':').next().unwrap_or_default(), account.held);
        let held = if held == 0 { String::new() } else { format!(", {held} held") };
        let kind = if matches!(outcome, Outcome::Hold(_)) { kind } else { "applied" };
        return format!("{kind} {} v{} leaves {}{held}", -entry.credits_delta, account.version, account.balance);
    }
    match outcome {
        Outcome::Charge(Charge::Replayed { entry, .. }) => format!("replayed {}", entry.id),
        Outcome::Charge(Charge::Refused(account)) => format!("refused at {}", account.available()),
        Outcome::Hold(HoldOutcome::Unchanged(_)) => "unchanged".to_owned(),
        _ => "not open".to_owned(),
    }
}

/// Each resolution in a few words.
fn texts(resolutions: Vec<Resolution>) -> Vec<String> {
    let outcome = |resolution| match resolution {
        Resolution::Contended => "contended".to_owned(),
        Resolution::Undecided => "undecided".to_owned(),
        Resolution::Decided(Ok(outcome)) => text(&outcome),
        Resolution::Decided(Err(error)) => error.to_string(),
    };
    resolutions.into_iter().map(outcome).collect()
}

/// A charge that was posted before.
fn old_charge() -> ledger_entry::Model {
    ledger_entry::Model {
        id: 5,
        user_id: 1,
        version: 7,
        change_type: ChangeType::Spend,
        credits_delta: -3,
        held_delta: 0,
        balance_after: 4,
        source: "old".to_owned(),
        reference: Some("run".to_owned()),
        notes: None,
        created_at: now(),
    }
}

#[test]
fn charges_of_one_account_see_each_other_in_order_of_arrival() {
    let steps = [charge(1, "a"), charge(2, "b"), charge(1, "c"), charge(1, "d"), charge(1, "a")];
    let rows = Rows { accounts: vec![account(1, 7), account(2, 2)], ..Rows::default() };
    assert_eq!(
        texts(outcomes(&steps, rows)),
        ["applied 3 v8 leaves 4", "refused at 2", "applied 3 v9 leaves 1", "refused at 1", "replayed 100"]
    );
}

#[test]
fn a_source_that_stands_for_something_else_is_refused() {
    let stored = old_charge();
    let other_run = Step::Charge(Spend { run: "other".to_owned(), ..spend(1, "old") });
    let steps = [charge(1, "old"), other_run, charge(1, "new"), charge(2, "new"), charge(2, "old")];
    let rows = Rows { accounts: vec![account(1, 9), account(2, 9)], entries: vec![stored], ..Rows::default() };
    let reused = Error::SourceReused.to_string();
    assert_eq!(texts(outcomes(&steps, rows)), ["replayed 5", &reused, "applied 3 v8 leaves 6", &reused, &reused]);
}

#[test]
fn unlimited_accounts_pay_nothing_until_their_time_is_over() {
    let until = DateTime::UNIX_EPOCH + TimeDelta::days(1);
    let ends = credit_account::Model { unlimited_until: Some(until), ..account(1, 1) };
    let before = Step::Charge(Spend { now: until - TimeDelta::seconds(1), ..spend(1, "before") });
    let rows = Rows { accounts: vec![ends], ..Rows::default() };
    assert_eq!(texts(outcomes(&[before, charge(1, "after")], rows)), ["applied 0 v8 leaves 1", "refused at 1"]);
}

#[test]
fn a_free_export_needs_no_balance_and_no_version_passes_its_limit() {
    let free = Step::Charge(Spend { cost: 0, ..spend(1, "free") });
    let full = credit_account::Model { version: MAX_BALANCE, ..account(2, 9) };
    let rows = Rows { accounts: vec![account(1, -5), full], ..Rows::default() };
    let beyond = Error::OutOfRange.to_string();
    assert_eq!(texts(outcomes(&[free, charge(2, "full")], rows)), ["applied 0 v8 leaves -5", beyond.as_str()]);
}

#[test]
fn an_account_that_is_missing_is_unknown() {
    let unknown = Error::UnknownAccount.to_string();
    assert_eq!(texts(outcomes(&[charge(1, "a")], Rows::default())), [unknown]);
}

#[test]
fn nothing_that_was_decided_about_an_account_counts_if_it_was_not_written() {
    let stored = old_charge();
    let rows = Rows { accounts: vec![account(1, 4), account(2, 4)], entries: vec![stored], ..Rows::default() };
    let steps = [charge(1, "old"), charge(2, "a"), charge(1, "b"), charge(1, "c"), charge(2, "d")];
    assert_eq!(
        texts(outcomes_if(&steps, rows, |user_id| user_id == 2)),
        ["contended", "applied 3 v8 leaves 1", "contended", "contended", "refused at 1"]
    );
}

#[test]
fn held_credits_can_neither_be_spent_nor_held_again() {
    let steps = [reserve(1, "a"), charge(1, "b"), charge(1, "c"), reserve(1, "d"), reserve(1, "a"), charge(1, "a")];
    let rows = Rows { accounts: vec![account(1, 7)], ..Rows::default() };
    let reused = Error::SourceReused.to_string();
    assert_eq!(
        texts(outcomes(&steps, rows)),
        [
            "applied 0 v8 leaves 7, 3 held",
            "applied 3 v9 leaves 4, 3 held",
            "refused at 1",
            "refused at 1",
            "replayed 100",
            &reused
        ]
    );
}

#[test]
fn a_hold_ends_once_by_whatever_comes_first() {
    let holds = vec![hold(11, 1), hold(12, 1), hold(13, 1)];
    let rows = Rows { accounts: vec![credit_account::Model { held: 9, ..account(1, 9) }], holds, ..Rows::default() };
    let steps = [
        change(1, 11, HoldAction::Capture(2)),
        change(1, 11, HoldAction::Release),
        change(1, 12, HoldAction::Release),
        change(1, 12, HoldAction::Capture(3)),
        change_late(1, 13, HoldAction::Capture(3)),
        change_late(1, 13, HoldAction::Expire),
        change(2, 11, HoldAction::Release),
    ];
    let decided = decide(&steps.iter().collect::<Vec<_>>(), rows);
    assert_eq!(decided.holds.ended, [11, 12, 13]);
    let stored = decided.entries.clone();
    assert_eq!(
        texts(decided.resolutions(&steps.iter().collect::<Vec<_>>(), stored)),
        [
            "capture 2 v8 leaves 7, 6 held",
            "not open",
            "release 0 v9 leaves 7, 3 held",
            "not open",
            "expired 0 v10 leaves 7",
            "not open",
            "not open",
        ]
    );
}

#[test]
fn a_hold_is_extended_and_neither_shortened_nor_overdrawn() {
    let rows = Rows {
        accounts: vec![credit_account::Model { held: 3, ..account(1, 3) }],
        holds: vec![hold(11, 1)],
        ..Rows::default()
    };
    let later = now() + TimeDelta::minutes(5);
    let steps = [
        change(1, 11, HoldAction::Expire),
        change(1, 11, HoldAction::Extend(now())),
        change(1, 11, HoldAction::Extend(later)),
        change(1, 11, HoldAction::Extend(later)),
        change(1, 11, HoldAction::Capture(4)),
        change_late(1, 11, HoldAction::Expire),
    ];
    let decided = decide(&steps.iter().collect::<Vec<_>>(), rows);
    assert_eq!(decided.holds.extended.iter().collect::<Vec<_>>(), [(&11, &later)]);
    let stored = decided.entries.clone();
    let beyond = Error::OutOfRange.to_string();
    assert_eq!(
        texts(decided.resolutions(&steps.iter().collect::<Vec<_>>(), stored)),
        ["unchanged", "unchanged", "extension 0 v8 leaves 3, 3 held", "unchanged", &beyond, "unchanged"]
    );
}

#[test]
fn a_user_has_at_most_a_hundred_open_holds_and_one_that_ends_leaves_room() {
    let rows = || Rows {
        accounts: vec![account(1, 20), account(2, 20)],
        holds: vec![hold(9, 1)],
        open_holds: HashMap::from([(1, 99), (2, 100)]),
        ..Rows::default()
    };
    let full = "the user has too many open holds";
    let steps = [reserve(1, "a"), reserve(1, "b"), reserve(2, "c"), reserve(1, "a"), charge(2, "d")];
    let results = ["applied 0 v8 leaves 20, 3 held", full, full, "replayed 100", "applied 3 v8 leaves 17"];
    assert_eq!(texts(outcomes(&steps, rows())), results);
    let steps = [reserve(1, "a"), change(1, 9, HoldAction::Release), reserve(1, "b"), reserve(1, "c")];
    let decided = texts(outcomes(&steps, rows()));
    assert!(decided[2].starts_with("applied ") && decided[3] == full, "{decided:?}");
}
