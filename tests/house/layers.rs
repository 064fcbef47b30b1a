//! The layers: which module may use which.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    none,
    source::{Source, at_root, sources},
};

/// The modules that each module of the gateway may use. A module that is not listed may use none.
const MAY_USE: [(&str, &[&str]); 33] = [
    (
        "accounts",
        &[
            "alert", "app", "auth", "clock", "config", "database", "error", "input", "ledger", "mail", "page", "plan",
            "throttle", "work",
        ],
    ),
    ("alert", &["clock", "database", "events", "global_id", "page", "work"]),
    (
        "app",
        &[
            "auth", "clock", "config", "database", "error", "events", "feed", "ledger", "mail", "standing", "stripe",
            "throttle", "work",
        ],
    ),
    ("auth", &["clock", "config", "error"]),
    ("batch", &[]),
    (
        "billing",
        &[
            "alert",
            "app",
            "auth",
            "clock",
            "config",
            "database",
            "error",
            "events",
            "feed",
            "global_id",
            "input",
            "ledger",
            "page",
            "plan",
            "retry",
            "sync",
            "stripe",
            "work",
        ],
    ),
    (
        "cli",
        &[
            "accounts",
            "auth",
            "billing",
            "clock",
            "config",
            "database",
            "error",
            "graphql",
            "ledger",
            "server",
            "sync",
            "setup",
            "stripe",
            "telemetry",
        ],
    ),
    ("clock", &[]),
    ("config", &["database", "throttle"]),
    ("database", &[]),
    ("error", &["ledger", "stripe"]),
    ("events", &["clock", "global_id", "ledger"]),
    ("feed", &["ledger"]),
    (
        "graphql",
        &[
            "accounts",
            "app",
            "auth",
            "billing",
            "clock",
            "config",
            "error",
            "global_id",
            "input",
            "ledger",
            "page",
            "plan",
            "standing",
            "stripe",
            "telemetry",
            "throttle",
        ],
    ),
    (
        "http",
        &["accounts", "app", "auth", "clock", "config", "error", "graphql", "sync", "stripe", "telemetry", "throttle"],
    ),
    ("global_id", &[]),
    ("input", &["error", "global_id"]),
    (
        "jobs",
        &[
            "accounts",
            "alert",
            "app",
            "billing",
            "clock",
            "error",
            "events",
            "feed",
            "global_id",
            "ledger",
            "sync",
            "telemetry",
            "work",
        ],
    ),
    ("ledger", &["batch", "database", "page", "plan", "telemetry"]),
    ("lib", &[]),
    ("mail", &["config", "error"]),
    ("main", &[]),
    ("page", &[]),
    ("plan", &[]),
    ("retry", &["clock", "error", "ledger"]),
    (
        "server",
        &[
            "accounts",
            "app",
            "auth",
            "clock",
            "config",
            "database",
            "error",
            "events",
            "feed",
            "graphql",
            "http",
            "jobs",
            "ledger",
            "mail",
            "standing",
            "stripe",
            "telemetry",
            "throttle",
            "work",
        ],
    ),
    (
        "sync",
        &[
            "alert",
            "app",
            "clock",
            "config",
            "database",
            "error",
            "events",
            "global_id",
            "feed",
            "ledger",
            "plan",
            "retry",
            "stripe",
            "telemetry",
            "work",
        ],
    ),
    ("setup", &["clock", "config", "plan", "sync", "stripe"]),
    ("standing", &["batch", "database"]),
    ("stripe", &["telemetry"]),
    ("telemetry", &[]),
    ("throttle", &["error", "telemetry"]),
    ("work", &["clock"]),
];

/// The files of the gateway, each with its top-level module.
fn gateway() -> Vec<(String, Source)> {
    let files = sources().into_iter().filter(Source::is_rust);
    let files = files.filter_map(|source| {
        let path = source.path.strip_prefix("api/src/")?;
        let module = path.split('/').next().unwrap_or(path).trim_end_matches(".rs").to_owned();
        Some((module, source))
    });
    files.collect()
}

#[test]
fn each_module_uses_only_what_it_may() {
    let may_use: BTreeMap<_, _> = MAY_USE.into_iter().collect();
    let strays = gateway().into_iter().flat_map(|(module, source)| {
        let allowed = may_use.get(module.as_str()).copied().unwrap_or_default();
        let used = source.modules().into_iter();
        let strays = used.filter(|used| *used != module && !allowed.contains(&used.as_str()));
        strays.map(|stray| format!("{} uses {stray}", source.path)).collect::<Vec<_>>()
    });
    none(strays, "data flows one way");
}

#[test]
fn no_permission_is_unused() {
    let files = gateway();
    let unused = MAY_USE.into_iter().flat_map(|(module, allowed)| {
        let own = files.iter().filter(|(one, _)| one == module);
        let used: BTreeSet<_> = own.flat_map(|(_, source)| source.modules()).collect();
        let unused = allowed.iter().filter(|allowed| !used.contains(**allowed));
        unused.map(|unused| format!("{module} does not use {unused}")).collect::<Vec<_>>()
    });
    none(unused, "remove it from the table");
}

#[test]
fn every_module_has_its_line_in_the_table() {
    let modules: BTreeSet<_> = gateway().into_iter().map(|(module, _)| module).collect();
    let listed: BTreeSet<_> = MAY_USE.iter().map(|(module, _)| (*module).to_owned()).collect();
    none(modules.difference(&listed).cloned(), "list what it may use");
}

#[test]
fn http_and_graphql_do_not_use_rows() {
    names("graphql", &["sea_orm"]);
    names("http", &["sea_orm", "entity"]);
}

#[test]
fn graphql_makes_no_call_to_stripe() {
    let calls = gateway().into_iter().filter(|(module, _)| module == "graphql").flat_map(|(_, source)| {
        let text = source.program();
        let lines = text.lines().filter(|line| line.contains("stripe::") && !line.contains("stripe::Session"));
        lines.map(|line| format!("{}: {}", source.path, line.trim())).collect::<Vec<_>>()
    });
    none(calls, "use billing");
}

#[test]
fn http_uses_only_the_signature_of_stripe() {
    let calls = gateway().into_iter().filter(|(module, _)| module == "http").flat_map(|(_, source)| {
        let text = source.program();
        let lines = text.lines().filter(|line| line.contains("stripe::") && !line.contains("stripe::signature"));
        lines.map(|line| format!("{}: {}", source.path, line.trim())).collect::<Vec<_>>()
    });
    none(calls, "use billing");
}

#[test]
fn only_one_module_uses_stripes_library() {
    let strays = gateway().into_iter().filter(|(module, _)| module != "stripe").flat_map(|(_, source)| {
        let text = source.program();
        let lines = text.lines().filter(|line| {
            let line = line.trim_start();
            line.starts_with("use stripe::") || line.starts_with("use ::stripe") || names_a_crate_of_stripes(line)
        });
        lines.map(|line| format!("{}: {}", source.path, line.trim())).collect::<Vec<_>>()
    });
    none(strays, "use the types of the stripe module");
}

#[test]
fn the_sandbox_shares_no_code_with_the_gateway() {
    depends_on_none("sandbox/Cargo.toml", &["entity", "migration", "patch-hive", "async-stripe", "sea-orm"]);
}

#[test]
fn entities_depend_on_no_other_crate_of_the_workspace() {
    depends_on_none("entity/Cargo.toml", &["migration", "sandbox", "patch-hive", "async-graphql", "async-stripe"]);
}

#[test]
fn migrations_do_not_depend_on_entities() {
    depends_on_none("migration/Cargo.toml", &["entity", "sandbox", "patch-hive"]);
}

/// Fails if a file of a module names one of these crates.
fn names(module: &str, crates: &[&str]) {
    let strays = gateway().into_iter().filter(|(one, _)| one == module).flat_map(|(_, source)| {
        let text = source.program();
        let named = crates.iter().filter(|name| {
            text.match_indices(&format!("{name}::")).any(|(at, _)| !text[..at].ends_with(is_part_of_a_name))
        });
        named.map(|name| format!("{} names {name}", source.path)).collect::<Vec<_>>()
    });
    none(strays, "use accounts, billing or ledger");
}

fn names_a_crate_of_stripes(line: &str) -> bool {
    let roots = line.split("::").filter_map(|path| path.rsplit(|c: char| !is_part_of_a_name(c)).next());
    line.contains("::")
        && roots.into_iter().any(|name| name.starts_with("stripe_") && line.contains(&format!("{name}::")))
}

fn is_part_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn depends_on_none(manifest: &str, packages: &[&str]) {
    let text = std::fs::read_to_string(at_root(manifest)).unwrap();
    let dependencies = text.split_once("[dependencies]").unwrap().1;
    let named = dependencies.lines().map(|line| line.split(['.', ' ', '=']).next().unwrap_or_default());
    let strays = named.filter(|name| packages.iter().any(|package| name.starts_with(package)));
    none(strays.map(|name| format!("{manifest}: {name}")), "remove the dependency");
}
