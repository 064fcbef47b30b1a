//! The rules of the house, read off the sources.

mod layers;
mod source;

use std::{collections::BTreeSet, fs};

use self::source::{Source, at_root, sources};
use super::configuration::variables;

/// Lines of a file.
const MAX_FILE_LINES: usize = 400;

/// Lines of a function.
const MAX_FUNCTION_LINES: usize = 70;

/// What may lie at the root besides what git ignores.
const ROOT: [&str; 24] = [
    ".ci",
    ".dockerignore",
    ".env.example",
    ".git",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "api",
    "clippy.toml",
    "compose.yaml",
    "deny.toml",
    "entity",
    "migration",
    "rustfmt.toml",
    "sandbox",
    "schema.graphql",
    "tests",
    "web",
];

#[test]
fn no_file_is_too_long() {
    let long = sources().into_iter().filter(|source| source.text.lines().count() > MAX_FILE_LINES);
    none(long.map(|source| format!("{}: {} lines", source.path, source.text.lines().count())), "split by noun");
}

#[test]
fn no_function_is_too_long() {
    let long = sources().into_iter().filter(Source::is_rust).flat_map(|source| {
        let functions = source.functions().into_iter().filter(|(_, lines)| *lines > MAX_FUNCTION_LINES);
        functions.map(move |(name, lines)| format!("{}: {name}: {lines} lines", source.path)).collect::<Vec<_>>()
    });
    none(long, "split by what is done");
}

#[test]
fn no_lint_is_silenced_where_it_could_be_expected() {
    offenders(
        &[concat!("#[", "allow("), concat!("#![", "allow(")],
        |source| source.text.clone(),
        "use expect, with a reason",
    );
}

#[test]
fn nothing_is_left_to_do() {
    let words = [
        concat!("to", "do!("),
        concat!("unim", "plemented!("),
        concat!("d", "bg!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    offenders(&words, |source| source.text.clone(), "do it now, or write an issue");
}

#[test]
fn nothing_panics_outside_tests() {
    let words =
        [concat!(".unwrap", "()"), concat!(".expect", "("), concat!("panic", "!("), concat!("unreachable", "!(")];
    offenders(&words, Source::program, "return an error");
}

#[test]
fn the_clock_and_the_environment_are_asked_in_one_place() {
    let words = ["Utc::now(", "SystemTime::now(", "rand::", "env::var"];
    let elsewhere = |source: &Source| {
        let place = ["api/src/clock.rs", "api/src/config/"].iter().any(|place| source.path.starts_with(place));
        if place || !source.path.starts_with("api/src/") { String::new() } else { source.program() }
    };
    offenders(&words, elsewhere, "ask clock.rs, or config");
}

#[test]
fn a_transaction_is_begun_by_those_who_own_one() {
    let owners = [
        "billing",
        "accounts",
        "settle",
        "jobs",
        "ledger/verify.rs",
        "ledger/sqlite.rs",
        "ledger/charge.rs",
        "database.rs",
    ];
    let words = ["database.begin()", "database.snapshot()", ".begin_with_options("];
    let elsewhere = |source: &Source| match source.path.strip_prefix("api/src/") {
        Some(path) if !owners.iter().any(|owner| path.starts_with(owner)) => source.program(),
        _ => String::new(),
    };
    offenders(&words, elsewhere, "whoever is handed a transaction begins none");
}

#[test]
fn a_file_is_named_after_what_it_is_about() {
    let vague = ["util", "utils", "helper", "helpers", "common", "misc", "shared", "types", "lib2"];
    let named = sources().into_iter().filter(|source| {
        let parts = source.path.split('/').map(|part| part.split('.').next().unwrap_or_default());
        parts.into_iter().any(|part| vague.contains(&part))
    });
    none(named.map(|source| source.path), "name it after a noun");
}

#[test]
fn only_what_belongs_there_lies_at_the_root() {
    let ignored = fs::read_to_string(at_root(".gitignore")).unwrap();
    let ignored: Vec<_> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    let is_ignored = |name: &str| {
        ignored.iter().any(|pattern| match pattern.split_once('*') {
            Some((start, end)) => name.starts_with(start) && end.split('*').all(|part| name.contains(part)),
            None => name == *pattern,
        })
    };
    let entries = fs::read_dir(at_root("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let surplus = entries.filter(|name| !ROOT.contains(&name.as_str()) && !is_ignored(name));
    none(surplus, "put it where it belongs");
}

#[test]
fn the_example_of_settings_names_every_variable_once_and_in_order() {
    let text = fs::read_to_string(at_root(".env.example")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let mut named = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some((name, _)) = line.trim_start_matches('#').split_once('=').filter(|(name, _)| is_variable(name)) else {
            continue;
        };
        named.push(name.to_owned());
        let above = number.checked_sub(1).map_or("", |above| lines[above]);
        let sentence = above.starts_with("# ") && above.ends_with(['.', ')']) && !above.contains('=');
        assert!(sentence, "{name} has no sentence above it, but {above:?}");
    }
    assert_eq!(named, variables(), "the order of api/src/config/variables.rs");
    assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len());
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Looks for words in the part of each Rust file that `part` picks.
fn offenders(words: &[&str], part: impl Fn(&Source) -> String, advice: &str) {
    let rust = sources().into_iter().filter(Source::is_rust);
    let found = rust.flat_map(|source| {
        let text = part(&source);
        let lines = text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        lines.map(|(number, line)| format!("{}:{}: {}", source.path, number + 1, line.trim())).collect::<Vec<_>>()
    });
    none(found, advice);
}

fn none(found: impl Iterator<Item = String>, advice: &str) {
    let found: Vec<_> = found.collect();
    assert!(found.is_empty(), "{advice}:\n{}", found.join("\n"));
}
