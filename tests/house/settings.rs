//! `.env.example` and `docs/configuration.md` say about every setting what `--help` says.

use std::fs;

use clap::{Arg, Args, Command};
use patch_hive::config::{LogVariables, Variables};

use super::{none, source::at_root};

/// A setting as the command line declares it.
struct Declared {
    variable: String,
    default: String,
    help: String,
}

/// Every setting, in the order of its declaration.
fn settings() -> Vec<Declared> {
    let command = Variables::augment_args(LogVariables::augment_args(Command::new("settings")));
    command.get_arguments().map(declared).collect()
}

fn declared(arg: &Arg) -> Declared {
    let text = |text: Option<&std::ffi::OsStr>| text.and_then(|text| text.to_str()).unwrap_or_default().to_owned();
    Declared {
        variable: text(arg.get_env()),
        default: text(arg.get_default_values().first().map(|default| &**default)),
        help: arg.get_help().unwrap_or_else(|| panic!("{} has no help", arg.get_id())).to_string(),
    }
}

#[test]
fn the_example_of_settings_says_what_the_help_says() {
    let text = fs::read_to_string(at_root(".env.example")).unwrap();
    let mut described: Vec<(String, String)> = Vec::new();
    let mut comment = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("# "), line.strip_prefix('#').and_then(|line| line.split_once('='))) {
            (Some(words), _) => comment.push(words),
            (None, Some((name, value))) => described.push((format!("{name}={value}"), comment.join(" "))),
            (None, None) => comment.clear(),
        }
    }
    let settings = settings();
    let names: Vec<_> = described.iter().map(|(line, _)| line.split('=').next().unwrap()).collect();
    assert_eq!(names, settings.iter().map(|setting| &setting.variable).collect::<Vec<_>>(), "each once and in order");
    let differing = settings.iter().zip(&described).filter_map(|(setting, (line, comment))| {
        let expected = format!("{}.", setting.help.replace('`', ""));
        let example = if setting.default.is_empty() { String::new() } else { setting.default.clone() };
        let shown = line.split_once('=').unwrap().1;
        let same = *comment == expected && (example.is_empty() || shown == example);
        (!same).then(|| format!("# {expected}\n#{}={example}", setting.variable))
    });
    none(differing, "write in .env.example");
}

#[test]
fn the_configuration_page_says_what_the_help_says() {
    let text = fs::read_to_string(at_root("docs/configuration.md")).unwrap();
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let settings = settings();
    let expected = settings.iter().map(|setting| {
        let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        format!("| `{}` | {default} | {} |", setting.variable, setting.help)
    });
    none(expected.filter(|row| !rows.contains(&row.as_str())), "write in docs/configuration.md");
    assert_eq!(rows.len(), settings.len(), "a row that describes no setting");
}
