//! Comments, names and pages are plain English.
//!
//! A doc comment is a sentence or a noun phrase that makes sense on its own, and each thing has one name: the terms that
//! ARCHITECTURE.md lists under "Words".

use std::{collections::HashSet, fs};

use super::{
    none,
    source::{Source, at_root, sources},
};

/// Words that doc comments do not open with: they make noun clauses, such as "What Stripe says".
const OPENINGS: [&str; 6] = ["What", "Who", "Whoever", "Whether", "Why", "How"];

/// The marks of doc comments in Rust, and of those and their lines in TypeScript.
const COMMENTS: [&str; 4] = ["///", "//!", "/**", "* "];

/// Words and phrases that are not used, each with what to write instead.
const RETIRED: [(&str, &str); 71] = [
    ("told", "reported, returned, sent"),
    ("heard", "received"),
    ("said", "reported, stated"),
    ("knows", "stores, has"),
    ("wish", "request, change"),
    ("wishes", "requests, changes"),
    ("whoever", "a named subject"),
    ("mend", "repair, correct, fix"),
    ("mends", "repairs, corrects, fixes"),
    ("mended", "repaired, corrected, fixed"),
    ("booked", "posted, recorded"),
    ("booking", "posting"),
    ("anew", "again"),
    ("by itself", "automatically, on its own"),
    ("all the same", "nevertheless"),
    ("came to nothing", "failed"),
    ("comes to nothing", "fails"),
    ("makes good", "compensates"),
    ("by comma", "comma-separated"),
    ("Trouble", "ApplyError"),
    ("Passing", "Transient"),
    ("News", "Change"),
    ("Said", "Provenance"),
    ("Verdict", "Recency"),
    ("Coming", "ScheduledChange"),
    ("Moved", "FundsMovement"),
    ("about_nobody", "is_foreign"),
    ("needless", "ignored"),
    ("steering", "subscription_change"),
    ("Steered", "ChangeResult"),
    ("GoOn", "Keep"),
    ("look_over", "validate"),
    ("Rehearsal", "DryRun"),
    ("Remembered", "PersistedQueries"),
    ("Seats", "ConcurrencyLimit"),
    ("crowded", "too_many"),
    ("Letter", "Notification"),
    ("Dice", "Rng"),
    ("mishap", "delivery_fault"),
    ("Courier", "Deliverer"),
    ("timetable", "timers"),
    ("rendition", "api_version"),
    ("Asked", "Invocation"),
    ("Told", "Observed"),
    ("asked", "requested"),
    ("living", "current"),
    ("given back", "returned, restored"),
    ("taken back", "reversed"),
    ("what became", "the state, the result"),
    ("news", "is_newer, Change"),
    ("Course", "Observation"),
    ("precedence", "ordering"),
    ("Odd", "Permanent"),
    ("Waited", "Timeout"),
    ("tied", "needs_refetch"),
    ("steer", "apply"),
    ("extent", "size"),
    ("Weight", "ComplexityLimit"),
    ("Seat", "Permit"),
    ("shelf", "collection"),
    ("glance", "read"),
    ("stock", "seed"),
    ("Chance", "Rng"),
    ("Scope", "TimeChart"),
    ("Looker", "Visitor"),
    ("Configured", "a noun"),
    ("ends TLS", "terminates TLS"),
    ("wake somebody", "page an operator"),
    ("switched off", "disabled"),
    ("said loudly", "reported"),
    ("present form", "current schema"),
];

/// This list itself.
const HERE: &str = "tests/house/language.rs";

/// Texts that are not among the sources.
const TEXTS: [&str; 17] = [
    ".ci/run",
    ".env.example",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.toml",
    "Dockerfile",
    "README.md",
    "clippy.toml",
    "compose.yaml",
    "deny.toml",
    "sandbox/examples/checkout.mjs",
    "sandbox/examples/checkout.py",
    "schema.graphql",
    "tests/clients/eslint.config.js",
    "tests/sdk/story.py",
    "tests/snapshots/released.graphql",
    "web/eslint.config.js",
];

fn converted() -> impl Iterator<Item = Source> {
    let text = |path: &str| Source { path: path.to_owned(), text: fs::read_to_string(at_root(path)).unwrap() };
    sources().into_iter().filter(|source| source.path != HERE).chain(TEXTS.map(text))
}

/// The doc comments of a file that open with one of [`OPENINGS`].
fn openings(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in source.text.lines().enumerate() {
        let comment = COMMENTS.iter().find_map(|mark| line.trim_start().strip_prefix(mark));
        let first = comment.and_then(|text| text.split_whitespace().next()).unwrap_or_default();
        if !inside && OPENINGS.contains(&first.trim_end_matches([',', ':'])) {
            found.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
        }
        inside = comment.is_some_and(|text| !text.trim().is_empty());
    }
    found
}

/// The lines of a file that hold a word of [`RETIRED`].
fn retired(source: &Source) -> Vec<String> {
    // Few of them are worth a search in each line.
    let words: HashSet<_> = source.text.split(|c: char| !is_part(c)).collect();
    let has = |word: &str| words.contains(word) || words.contains(capitalized(word).as_str());
    let possible: Vec<_> = RETIRED.iter().filter(|(phrase, _)| phrase.split(' ').all(has)).collect();
    let lines = source.text.lines().enumerate();
    let found = lines.filter_map(|(number, line)| {
        let (word, instead) = possible.iter().find(|(word, _)| holds(line, word))?;
        Some(format!("{}:{}: {word} -> {instead}: {}", source.path, number + 1, line.trim()))
    });
    found.collect()
}

/// The functions of a file whose names open with one of [`OPENINGS`], or hold a word of [`RETIRED`].
fn riddles(source: &Source) -> Vec<String> {
    let names = source.text.lines().filter_map(|line| line.trim_start().split_once("fn ")).map(|(_, rest)| rest);
    let names = names.filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next());
    let is_riddle = |name: &&str| {
        let opens = |word: &&str| name.split('_').next().is_some_and(|first| word.eq_ignore_ascii_case(first));
        let holds = |(word, _): &(&str, &str)| format!("_{name}_").contains(&format!("_{}_", word.replace(' ', "_")));
        OPENINGS.iter().any(opens) || RETIRED.iter().any(holds)
    };
    names.filter(is_riddle).map(|name| format!("{}: {name}", source.path)).collect()
}

/// Decides whether a line holds a word, also with a capital letter.
fn holds(line: &str, word: &str) -> bool {
    [word, &capitalized(word)].iter().any(|word| {
        line.match_indices(word)
            .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
    })
}

fn capitalized(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// Decides whether a character belongs to a word or a name.
fn is_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[test]
fn doc_comments_open_with_a_sentence_or_a_noun() {
    none(converted().flat_map(|source| openings(&source)), "name the subject");
}

#[test]
fn retired_words_are_not_used() {
    none(converted().flat_map(|source| retired(&source)), "use the standard term");
}

#[test]
fn functions_are_named_by_verbs_and_plain_sentences() {
    none(converted().filter(Source::is_rust).flat_map(|source| riddles(&source)), "say what holds or what is done");
}

#[test]
fn a_name_that_opens_a_riddle_or_holds_a_retired_word_is_found() {
    let text = "fn what_is_odd() {}\n    pub(crate) async fn is_told_so<T>() {}\nfn somewhat_untold() {}\n";
    let source = Source { path: "a.rs".to_owned(), text: text.to_owned() };
    assert_eq!(riddles(&source), ["a.rs: what_is_odd", "a.rs: is_told_so"]);
}

#[test]
fn an_opening_is_found_at_the_start_of_a_comment_only() {
    let text = "/// What it is.\n/// How\nfn a() {}\n\n//! The map.\n//!\n//! Why it is.\n// Who\n";
    let source = Source { path: "a.rs".to_owned(), text: text.to_owned() };
    assert_eq!(openings(&source), ["a.rs:1: /// What it is.", "a.rs:7: //! Why it is."]);
    let text = "/** How it is. */\n/**\n * It is\n * what it is.\n */\n// Who\n";
    let source = Source { path: "a.ts".to_owned(), text: text.to_owned() };
    assert_eq!(openings(&source), ["a.ts:1: /** How it is. */"]);
}

#[test]
fn a_retired_word_is_found_as_a_word_only() {
    assert!(holds("It was told.", "told") && holds("Told so", "told") && holds("use crate::told::it;", "told"));
    assert!(!holds("untold", "told") && !holds("told_you", "told"));
}
