//! The documentation names metrics that exist.

use std::{fs, path::Path};

use super::{
    none,
    source::{at_root, sources},
};

const PREFIX: &str = "patch_hive_";

/// Suffixes of the series of a histogram.
const SERIES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The names in a text that begin like those of metrics.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(PREFIX).map(move |(at, _)| {
        let name = &text[at..];
        &name[..name.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(name.len())]
    })
}

/// The metrics that the gateway exports.
fn exported() -> Vec<String> {
    let text = fs::read_to_string(at_root("api/src/telemetry/counts.rs")).unwrap();
    let declared = text.lines().filter(|line| line.starts_with("const "));
    declared.flat_map(|line| names(line).map(ToOwned::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_metric_in_the_documentation_is_exported() {
    let exported = exported();
    let is_exported = |name: &str| {
        let base = SERIES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        [name, base].iter().any(|name| exported.iter().any(|metric| metric == name))
    };
    let pages = sources()
        .into_iter()
        .filter(|source| Path::new(&source.path).extension().is_some_and(|extension| extension == "md"));
    let unknown = pages.flat_map(|page| {
        let unknown = names(&page.text).filter(|name| name.len() > PREFIX.len() && !is_exported(name));
        unknown.map(|name| format!("{}: {name}", page.path)).collect::<Vec<_>>()
    });
    none(unknown, "name a metric of api/src/telemetry/counts.rs");
}

#[test]
fn every_alert_is_about_a_metric() {
    let text = fs::read_to_string(at_root("docs/operations.md")).unwrap();
    let alerts = text.split("\n## ").find(|section| section.starts_with("Alerts")).unwrap();
    let rows: Vec<_> = alerts.lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() >= 6, "{rows:#?}");
    none(rows.iter().filter(|row| names(row).count() == 0).map(ToString::to_string), "name the metric");
    assert!(rows.iter().any(|row| row.contains("patch_hive_work_oldest_due_seconds")));
}
