//! The sources keep the rules of ARCHITECTURE.md and of `docs/development.md`.

mod circles;
mod language;
mod layers;
mod metrics;
mod settings;
mod source;

use std::fs;

use self::source::{Source, at_root, sources};

/// Maximum number of lines of a file.
const MAX_FILE_LINES: usize = 400;

/// Maximum number of lines of a function.
const MAX_FUNCTION_LINES: usize = 70;

/// Files and folders at the root, besides those that git ignores.
const ROOT: [&str; 26] = [
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
    "bench",
    "clippy.toml",
    "compose.yaml",
    "deny.toml",
    "docs",
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
    none(long, "split by task");
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
fn no_task_is_left_in_the_code() {
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
fn the_clock_and_the_environment_are_read_in_one_place() {
    let words = ["Utc::now(", "SystemTime::now(", "rand::", "env::var"];
    let elsewhere = |source: &Source| {
        let place = ["api/src/clock.rs", "api/src/config/"].iter().any(|place| source.path.starts_with(place));
        if place || !source.path.starts_with("api/src/") { String::new() } else { source.program() }
    };
    offenders(&words, elsewhere, "use clock.rs, or config");
}

#[test]
fn only_owners_begin_transactions() {
    let owners =
        ["billing", "accounts", "sync", "jobs", "ledger/verify.rs", "ledger/sqlite.rs", "ledger/charge", "database.rs"];
    let words = ["database.begin()", "database.snapshot()", ".begin_with_options("];
    let elsewhere = |source: &Source| match source.path.strip_prefix("api/src/") {
        Some(path) if !owners.iter().any(|owner| path.starts_with(owner)) => source.program(),
        _ => String::new(),
    };
    offenders(&words, elsewhere, "use the transaction of the caller");
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
fn the_root_contains_no_other_files() {
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

/// Fails if words occur in the part of a Rust file that `part` selects.
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
