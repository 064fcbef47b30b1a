//! The checker detects faults: one sound history passes, and its variants with typical faults fail.

use super::{
    checker::check,
    history::{Answer, Event, Invocation, Seen},
};
use crate::harness::book::Entry;

fn entry(version: i64, kind: &str, delta: i64, balance: i64) -> Entry {
    let reference = match kind {
        "SPEND" => Some(format!("key {version}")),
        "REFUND" => Some("entry 2".to_owned()),
        _ => None,
    };
    let id = format!("entry {version}");
    Entry { id, version, kind: kind.to_owned(), delta, held: 0, balance, reference, hold: None }
}

fn event(begin: u64, end: u64, invocation: Invocation, answer: Answer) -> Event {
    Event { begin, end, invocation, answer }
}

fn charge(times: (u64, u64), key: i64, replayed: bool, seen: (i64, i64)) -> Event {
    let seen = Seen { version: seen.0, credits: seen.1 };
    let answer = Answer::Charged { id: format!("entry {key}"), replayed, seen };
    event(times.0, times.1, Invocation::Charge { key: format!("key {key}") }, answer)
}

fn refusal(times: (u64, u64), available: i64) -> Event {
    event(times.0, times.1, Invocation::Charge { key: "refused".to_owned() }, Answer::Refused { available })
}

fn look(times: (u64, u64), version: i64, credits: i64) -> Event {
    event(times.0, times.1, Invocation::Look, Answer::Saw(Seen { version, credits }))
}

/// Five credits are granted and three spent; the next charge is refused until the first is refunded.
fn sound() -> (Vec<Entry>, Vec<Event>) {
    let ledger =
        vec![entry(1, "GRANT", 5, 5), entry(2, "SPEND", -3, 2), entry(3, "REFUND", 3, 5), entry(4, "SPEND", -3, 2)];
    let grant = Invocation::Grant { key: "grant".to_owned(), credits: 5 };
    let refund = Invocation::Refund { charge: "entry 2".to_owned() };
    let history = vec![
        event(0, 10, grant, Answer::Posted(ledger[0].clone())),
        charge((20, 30), 2, false, (2, 2)),
        charge((25, 40), 2, true, (2, 2)),
        refusal((45, 48), 2),
        event(50, 60, refund, Answer::Posted(ledger[2].clone())),
        look((70, 75), 3, 5),
        charge((80, 90), 4, false, (4, 2)),
    ];
    (ledger, history)
}

fn is_caught(expected: &str, break_it: impl FnOnce(&mut Vec<Entry>, &mut Vec<Event>)) {
    let (mut ledger, mut history) = sound();
    break_it(&mut ledger, &mut history);
    let found = check(&ledger, &history).unwrap_err();
    assert!(found.contains(expected), "{found}");
}

#[test]
fn a_sound_history_is_accepted() {
    let (ledger, history) = sound();
    let figures = check(&ledger, &history).unwrap();
    assert_eq!((figures.entries, figures.answers, figures.replays, figures.refusals), (4, 7, 1, 1));
}

#[test]
fn overlapping_requests_may_have_happened_in_either_order() {
    let (ledger, mut history) = sound();
    (history[4].begin, history[4].end) = (20, 95);
    (history[5].begin, history[5].end) = (20, 95);
    check(&ledger, &history).unwrap();
}

#[test]
fn a_lost_update_is_caught() {
    is_caught("do not lead to", |ledger, _| ledger[3].balance = 5);
}

#[test]
fn a_missing_and_a_doubled_version_are_caught() {
    is_caught("is missing", |ledger, _| drop(ledger.remove(1)));
    is_caught("is missing", |ledger, _| ledger.insert(1, ledger[1].clone()));
}

#[test]
fn a_charge_below_zero_is_caught() {
    is_caught("overspent", |ledger, _| {
        ledger[3].delta = -6;
        ledger[3].balance = -1;
    });
}

#[test]
fn a_key_that_was_charged_twice_is_caught() {
    is_caught("one intention, two entries", |ledger, history| {
        ledger[3].reference = Some("key 2".to_owned());
        history[6].invocation = Invocation::Charge { key: "key 2".to_owned() };
    });
    is_caught("charged afresh twice", |_, history| {
        history[2] = charge((25, 40), 2, false, (2, 2));
    });
}

#[test]
fn two_keys_that_share_a_charge_are_caught() {
    is_caught("does not match", |_, history| history[2].invocation = Invocation::Charge { key: "other".to_owned() });
    is_caught("two intentions share", |_, history| {
        let mut again = history[0].clone();
        again.invocation = Invocation::Grant { key: "other".to_owned(), credits: 5 };
        history.push(again);
    });
}

#[test]
fn an_answer_that_the_ledger_lacks_is_caught() {
    is_caught("the ledger lacks", |ledger, _| drop(ledger.pop()));
    is_caught("does not match", |_, history| {
        if let Answer::Posted(entry) = &mut history[4].answer {
            entry.version = 4;
        }
    });
}

#[test]
fn an_entry_without_a_request_is_caught() {
    is_caught("was never first reported", |_, history| drop(history.pop()));
    is_caught("was never first reported", |_, history| history[6] = charge((80, 90), 4, true, (4, 2)));
}

#[test]
fn a_refusal_without_a_witness_is_caught() {
    is_caught("no witness", |_, history| history[3] = refusal((45, 48), 1));
    is_caught("no witness", |_, history| history[3] = refusal((62, 65), 2));
    is_caught("no witness", |_, history| history[3] = refusal((12, 15), 5));
}

#[test]
fn a_refusal_of_a_key_that_was_charged_before_is_caught() {
    let refused = |times| {
        let mut event = refusal(times, 2);
        event.invocation = Invocation::Charge { key: "key 2".to_owned() };
        event
    };
    is_caught("no witness", |_, history| history.push(refused((25, 48))));
    let (ledger, mut history) = sound();
    history[3].invocation = Invocation::Charge { key: "key 4".to_owned() };
    check(&ledger, &history).unwrap();
}

#[test]
fn a_version_out_of_real_time_order_is_caught() {
    is_caught("over before", |_, history| {
        (history[6].begin, history[6].end) = (41, 44);
        history.remove(5);
    });
}

#[test]
fn a_balance_from_the_past_or_from_the_future_is_caught() {
    is_caught("no such balance", |_, history| history[5] = look((70, 75), 2, 2));
    is_caught("no such balance", |_, history| history[5] = look((70, 75), 4, 2));
    is_caught("no such balance", |_, history| history[5] = look((70, 75), 3, 4));
    is_caught("no such balance", |_, history| history.push(look((91, 92), 3, 5)));
}

fn of_hold(kind: &str, delta: i64, held: i64, entry: Entry) -> Entry {
    let name = |name: &str| Some(name.to_owned());
    Entry { kind: kind.to_owned(), delta, held, hold: name("hold"), reference: name("held"), ..entry }
}

fn of(times: (u64, u64), invocation: fn(String) -> Invocation, answer: Answer) -> Event {
    event(times.0, times.1, invocation("hold".to_owned()), answer)
}

/// Five credits are granted, three are held and captured, and the release comes too late.
fn held() -> (Vec<Entry>, Vec<Event>) {
    let ledger = vec![
        entry(1, "GRANT", 5, 5),
        of_hold("HOLD", 0, 3, entry(2, "", 0, 5)),
        of_hold("SPEND", -3, -3, entry(3, "", 0, 2)),
    ];
    let grant = Invocation::Grant { key: "grant".to_owned(), credits: 5 };
    let reserved = Answer::Reserved { id: "entry 2".to_owned() };
    let captured = Answer::Charged { id: "entry 3".to_owned(), replayed: false, seen: Seen { version: 3, credits: 2 } };
    let history = vec![
        event(0, 10, grant, Answer::Posted(ledger[0].clone())),
        event(20, 30, Invocation::Reserve { key: "held".to_owned() }, reserved),
        refusal((32, 34), 2),
        of((35, 40), |hold| Invocation::Capture { hold }, captured),
        of((50, 60), |hold| Invocation::Release { hold }, Answer::Ended { state: "CAPTURED".to_owned() }),
    ];
    (ledger, history)
}

fn is_caught_of_holds(expected: &str, break_it: impl FnOnce(&mut Vec<Entry>, &mut Vec<Event>)) {
    let (mut ledger, mut history) = held();
    break_it(&mut ledger, &mut history);
    let found = check(&ledger, &history).unwrap_err();
    assert!(found.contains(expected), "{found}");
}

#[test]
fn a_sound_history_of_a_hold_is_accepted() {
    let (ledger, history) = held();
    check(&ledger, &history).unwrap();
}

#[test]
fn credits_that_are_held_and_spent_nevertheless_are_caught() {
    is_caught_of_holds("overspent", |ledger, _| {
        let charge = Entry { version: 3, ..entry(9, "SPEND", -3, 2) };
        ledger.truncate(2);
        ledger.push(charge);
    });
    is_caught_of_holds("no witness", |_, history| history[2] = refusal((32, 34), 5));
}

#[test]
fn a_hold_that_ends_twice_or_otherwise_is_caught() {
    is_caught_of_holds("began or ended twice", |ledger, _| {
        ledger.push(of_hold("RELEASE", 0, -3, entry(4, "", 0, 2)));
    });
    is_caught_of_holds("had not ended so", |_, history| {
        history[4].answer = Answer::Ended { state: "RELEASED".to_owned() };
    });
    is_caught_of_holds("had not ended so", |_, history| (history[4].begin, history[4].end) = (12, 14));
}
