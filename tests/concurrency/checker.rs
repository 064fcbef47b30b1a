//! Checks that a history could have happened one request after the other, in the order of the ledger's versions.
//!
//! Versions make this linear: they define the only possible order, so nothing is searched. It remains to be shown that this
//! order explains every response and never contradicts the clock:
//! - the ledger's versions are 1, 2, 3 ... and each balance follows from the one before;
//! - each response names an entry that matches its request, and each intention has exactly one entry;
//! - of all responses to one charge exactly one is not a replay, and every entry was reported in a response;
//! - a request that ended before another began has the smaller version;
//! - a balance that was read was the balance at a version between request and response, and so were the available credits by
//!   which a charge or reservation was refused;
//! - no charge is refused that was posted before;
//! - a hold ends once, and an answer that it has ended names the way in which it did.

mod timeline;

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use self::timeline::{Span, Timeline};
use super::history::{Answer, Event, Invocation, Seen};
use crate::harness::book::{Entry, balance_at, held_at};

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

/// Checks the history of one account against its ledger. The error describes the contradiction.
pub(super) fn check(ledger: &[Entry], history: &[Event]) -> Result<Figures, String> {
    follows(ledger)?;
    ends_once(ledger)?;
    let (spans, intentions) = match_answers(ledger, history)?;
    keeps_time(&spans)?;
    let timeline = Timeline::new(&spans, history);
    for event in history {
        explains(ledger, &timeline, event, intentions.get(&event.invocation).copied())?;
    }
    let count = |is: fn(&Answer) -> bool| history.iter().filter(|event| is(&event.answer)).count();
    Ok(Figures {
        entries: ledger.len(),
        answers: history.len(),
        replays: count(|answer| matches!(answer, Answer::Charged { replayed: true, .. })),
        refusals: count(|answer| matches!(answer, Answer::Refused { .. })),
    })
}

/// Versions are dense, each balance follows from the one before it, and no charge or hold takes more than is available.
fn follows(ledger: &[Entry]) -> Result<(), String> {
    let (mut before, mut held) = (0, 0);
    for (expected, entry) in (1..).zip(ledger) {
        if entry.version != expected {
            return Err(format!("version {expected} is missing: {entry:?}"));
        }
        if before + entry.delta != entry.balance {
            return Err(format!("{before} credits do not lead to {entry:?}"));
        }
        held += entry.held;
        if matches!(entry.kind.as_str(), "SPEND" | "HOLD") && entry.balance < held {
            return Err(format!("overspent: {entry:?}"));
        }
        before = entry.balance;
    }
    Ok(())
}

/// Each hold releases what it held, and once.
fn ends_once(ledger: &[Entry]) -> Result<(), String> {
    let mut open = HashMap::new();
    for entry in ledger.iter().filter(|entry| entry.held != 0) {
        let hold = entry.hold.as_deref().ok_or_else(|| format!("of no hold: {entry:?}"))?;
        let before = if entry.held > 0 { open.insert(hold, entry.held) } else { open.remove(hold) };
        if before != (entry.held < 0).then_some(-entry.held) {
            return Err(format!("a hold began or ended twice: {entry:?}"));
        }
    }
    Ok(())
}

/// The version that each intention led to.
type Intentions<'a> = HashMap<&'a Invocation, i64>;

/// Finds the entry of each answer. Returns the time span in which each entry can have been posted, in the order of versions.
fn match_answers<'a>(ledger: &[Entry], history: &'a [Event]) -> Result<(Vec<Span>, Intentions<'a>), String> {
    let entries: HashMap<_, _> = ledger.iter().map(|entry| (entry.id.as_str(), entry)).collect();
    let mut intentions = Intentions::new();
    let mut spans: HashMap<i64, Span> = HashMap::new();
    let mut fresh = HashSet::new();
    for event in history {
        let (id, replayed) = match &event.answer {
            Answer::Charged { id, replayed, .. } => (Some(id), *replayed),
            Answer::Posted(entry) => (Some(&entry.id), false),
            // One of the requests began the hold, or ended it: the entry is not older than the first.
            Answer::Reserved { id } => (Some(id), false),
            Answer::Released { .. } => (release(ledger, event), false),
            Answer::Ended { .. } | Answer::Refused { .. } | Answer::Saw(_) => continue,
        };
        let entry = id.and_then(|id| entries.get(id.as_str()).copied());
        let entry = entry.ok_or_else(|| format!("the ledger lacks the entry of {event:?}"))?;
        does(entry, event)?;
        let version = entry.version;
        if *intentions.entry(&event.invocation).or_insert(version) != version {
            return Err(format!("one intention, two entries: {event:?} and version {}", intentions[&event.invocation]));
        }
        let charges = matches!(event.invocation, Invocation::Charge { .. } | Invocation::Capture { .. });
        if charges && !replayed && !fresh.insert(version) {
            return Err(format!("charged afresh twice: {event:?}"));
        }
        spans.entry(version).or_insert(Span::NONE).narrow(event, replayed);
    }
    if intentions.len() != spans.len() {
        return Err("two intentions share an entry".to_owned());
    }
    let span = |entry: &Entry| spans.get(&entry.version).copied().filter(|span| span.begin != u64::MAX);
    let spans = ledger.iter().map(|entry| span(entry).ok_or_else(|| format!("{entry:?} was never first reported")));
    Ok((spans.collect::<Result<_, _>>()?, intentions))
}

/// The id of the entry by which a hold was released.
fn release<'a>(ledger: &'a [Entry], event: &Event) -> Option<&'a String> {
    let Invocation::Release { hold } = &event.invocation else { return None };
    let release = |entry: &&Entry| entry.kind == "RELEASE" && entry.hold.as_ref() == Some(hold);
    ledger.iter().find(release).map(|entry| &entry.id)
}

/// Checks that an entry matches its request and the response.
fn does(entry: &Entry, event: &Event) -> Result<(), String> {
    let reference = entry.reference.as_deref();
    let (kind, delta, held, about) = match &event.invocation {
        Invocation::Charge { key } => ("SPEND", -COST, 0, reference == Some(key)),
        Invocation::Reserve { key } => ("HOLD", 0, COST, reference == Some(key)),
        Invocation::Capture { hold } => ("SPEND", -COST, -COST, entry.hold.as_ref() == Some(hold)),
        Invocation::Release { hold } => ("RELEASE", 0, -COST, entry.hold.as_ref() == Some(hold)),
        Invocation::Grant { credits, .. } => ("GRANT", *credits, 0, reference.is_none()),
        Invocation::Refund { charge } => ("REFUND", COST, 0, reference == Some(charge.trim_start_matches("entry_"))),
        Invocation::Look => return Err(format!("a read posted {entry:?}")),
    };
    let reported = match &event.answer {
        Answer::Posted(posted) => posted == entry,
        Answer::Charged { seen, .. } | Answer::Released { seen } => seen.version >= entry.version,
        Answer::Reserved { .. } => true,
        Answer::Ended { .. } | Answer::Refused { .. } | Answer::Saw(_) => false,
    };
    let done = about && (entry.kind.as_str(), entry.delta, entry.held) == (kind, delta, held);
    if reported && done { Ok(()) } else { Err(format!("{event:?} does not match {entry:?}")) }
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
/// not been posted by then, although it may have been `posted` later.
fn explains(ledger: &[Entry], timeline: &Timeline, event: &Event, posted: Option<i64>) -> Result<(), String> {
    let window = timeline.known(event.begin)..=timeline.possible(event.end);
    let read = |seen: Seen| window.contains(&seen.version) && balance_at(ledger, seen.version) == Some(seen.credits);
    if !event.answer.seen().is_none_or(read) {
        return Err(format!("no such balance in versions {window:?}: {event:?}"));
    }
    if let Answer::Ended { state } = &event.answer {
        return ended(ledger, event, state, *window.end());
    }
    let Answer::Refused { available } = event.answer else { return Ok(()) };
    let earlier = |version: &i64| posted.is_none_or(|posted| *version < posted);
    let was_available = |version| balance_at(ledger, version).map(|credits| credits - held_at(ledger, version));
    let witness = window.clone().filter(earlier).any(|version| was_available(version) == Some(available));
    if available < COST && witness { Ok(()) } else { Err(format!("no witness in versions {window:?}: {event:?}")) }
}

/// Checks that a hold had ended in the reported state at the version that is possibly the newest.
fn ended(ledger: &[Entry], event: &Event, state: &str, newest: i64) -> Result<(), String> {
    let (Invocation::Capture { hold } | Invocation::Release { hold }) = &event.invocation else {
        return Err(format!("no hold can have ended: {event:?}"));
    };
    let kind = if state == "CAPTURED" { "SPEND" } else { "RELEASE" };
    let end = ledger.iter().find(|entry| entry.held < 0 && entry.hold.as_ref() == Some(hold));
    if end.is_some_and(|end| end.kind == kind && end.version <= newest) {
        Ok(())
    } else {
        Err(format!("the hold had not ended so: {event:?}"))
    }
}
