//! Decides whether a history could have happened one thing after the other, in the order of the ledger's versions.
//!
//! Versions make this linear: they name the one order that is possible, so nothing is searched. What remains to be shown is
//! that the order explains every answer, and that it never contradicts the clock:
//! - the ledger's versions are 1, 2, 3 ... and each balance follows from the one before;
//! - each answer names an entry that does what was asked; one intention, one entry, and one entry, one intention;
//! - of all answers to one charge exactly one is not a replay, and no entry is there that nobody was told of;
//! - what was over before something else began has the smaller version;
//! - a balance that was read, and one that refused, was the balance at a version between the question and the answer;
//! - nothing is refused that had been booked before.

mod timeline;

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use self::timeline::{Span, Timeline};
use super::history::{Answer, Asked, Event, Seen};
use crate::harness::book::{Entry, balance_at};

/// Credits of an export.
pub(super) const COST: i64 = 3;

/// The number of checked facts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) entries: usize,
    pub(super) answers: usize,
    pub(super) replays: usize,
    pub(super) refusals: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, answers, replays, refusals } = self;
        write!(f, "{answers} answers, {entries} entries, {replays} replays, {refusals} refusals")
    }
}

/// Checks the history of one account against its ledger. The error says what cannot have happened.
pub(super) fn check(ledger: &[Entry], history: &[Event]) -> Result<Figures, String> {
    follows(ledger)?;
    let (spans, intentions) = match_answers(ledger, history)?;
    keeps_time(&spans)?;
    let timeline = Timeline::new(&spans, history);
    for event in history {
        explains(ledger, &timeline, event, intentions.get(&event.asked).copied())?;
    }
    let count = |is: fn(&Answer) -> bool| history.iter().filter(|event| is(&event.answer)).count();
    Ok(Figures {
        entries: ledger.len(),
        answers: history.len(),
        replays: count(|answer| matches!(answer, Answer::Charged { replayed: true, .. })),
        refusals: count(|answer| matches!(answer, Answer::Refused { .. })),
    })
}

/// Versions are dense, each balance follows from the one before it, and no charge leaves less than nothing.
fn follows(ledger: &[Entry]) -> Result<(), String> {
    let mut before = 0;
    for (expected, entry) in (1..).zip(ledger) {
        if entry.version != expected {
            return Err(format!("version {expected} is missing: {entry:?}"));
        }
        if before + entry.delta != entry.balance {
            return Err(format!("{before} credits do not lead to {entry:?}"));
        }
        if entry.kind == "SPEND" && entry.balance < 0 {
            return Err(format!("overspent: {entry:?}"));
        }
        before = entry.balance;
    }
    Ok(())
}

/// The version that each intention led to.
type Intentions<'a> = HashMap<&'a Asked, i64>;

/// Finds the entry of each answer. Returns when each entry can have been booked, in the order of versions.
fn match_answers<'a>(ledger: &[Entry], history: &'a [Event]) -> Result<(Vec<Span>, Intentions<'a>), String> {
    let entries: HashMap<_, _> = ledger.iter().map(|entry| (entry.id.as_str(), entry)).collect();
    let mut intentions = Intentions::new();
    let mut spans: HashMap<i64, Span> = HashMap::new();
    let mut fresh = HashSet::new();
    for event in history {
        let (id, replayed) = match &event.answer {
            Answer::Charged { id, replayed, .. } => (id, *replayed),
            Answer::Booked(told) => (&told.id, false),
            Answer::Refused { .. } | Answer::Saw(_) => continue,
        };
        let entry =
            *entries.get(id.as_str()).ok_or_else(|| format!("the ledger lacks what was answered: {event:?}"))?;
        does(entry, event)?;
        let version = entry.version;
        if *intentions.entry(&event.asked).or_insert(version) != version {
            return Err(format!("one intention, two entries: {event:?} and version {}", intentions[&event.asked]));
        }
        if matches!(event.asked, Asked::Charge { .. }) && !replayed && !fresh.insert(version) {
            return Err(format!("charged afresh twice: {event:?}"));
        }
        spans.entry(version).or_insert(Span::NONE).narrow(event, replayed);
    }
    if intentions.len() != spans.len() {
        return Err("two intentions share an entry".to_owned());
    }
    let span = |entry: &Entry| spans.get(&entry.version).copied().filter(|span| span.begin != u64::MAX);
    let spans = ledger.iter().map(|entry| span(entry).ok_or_else(|| format!("nobody was told first of {entry:?}")));
    Ok((spans.collect::<Result<_, _>>()?, intentions))
}

/// Checks that an entry matches its request and the response.
fn does(entry: &Entry, event: &Event) -> Result<(), String> {
    let expected = match &event.asked {
        Asked::Charge { key } => ("SPEND", -COST, Some(key.as_str())),
        Asked::Grant { credits, .. } => ("GRANT", *credits, None),
        Asked::GiveBack { charge } => ("REFUND", COST, Some(charge.as_str())),
        Asked::Look => return Err(format!("a look booked {entry:?}")),
    };
    let told = match &event.answer {
        Answer::Booked(told) => told == entry,
        Answer::Charged { seen, .. } => seen.version >= entry.version,
        Answer::Refused { .. } | Answer::Saw(_) => false,
    };
    let done = (entry.kind.as_str(), entry.delta, entry.reference.as_deref()) == expected;
    if told && done { Ok(()) } else { Err(format!("{event:?} does not match {entry:?}")) }
}

/// Checks that an operation that ended before another began has the smaller version.
fn keeps_time(spans: &[Span]) -> Result<(), String> {
    let mut latest = 0;
    for (version, span) in (1..).zip(spans) {
        if span.end < latest {
            return Err(format!("version {version} was over before one with a smaller version began"));
        }
        latest = latest.max(span.begin);
    }
    Ok(())
}

/// Checks that a reported balance was the balance at a version between the request and the response. A refused charge had
/// not been booked by then, although it may have been `booked` later.
fn explains(ledger: &[Entry], timeline: &Timeline, event: &Event, booked: Option<i64>) -> Result<(), String> {
    let window = timeline.known(event.begin)..=timeline.possible(event.end);
    let read = |seen: Seen| window.contains(&seen.version) && balance_at(ledger, seen.version) == Some(seen.credits);
    if !event.answer.seen().is_none_or(read) {
        return Err(format!("no such balance in versions {window:?}: {event:?}"));
    }
    let Answer::Refused { available } = event.answer else { return Ok(()) };
    let earlier = |version: &i64| booked.is_none_or(|booked| *version < booked);
    let witness = window.clone().filter(earlier).any(|version| balance_at(ledger, version) == Some(available));
    if available < COST && witness { Ok(()) } else { Err(format!("no witness in versions {window:?}: {event:?}")) }
}
