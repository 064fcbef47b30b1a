//! One setting, read from its flag or variable, and the problems found while reading.
//!
//! White space around a value is dropped, and a value that is empty then counts as not set: compose files and hosting
//! platforms pass variables that nobody set as empty ones. A value that cannot be read does not end the reading: it is
//! remembered with its variable, so that every problem is reported at once.

use std::{ffi::OsStr, fmt, marker::PhantomData};

use clap::{
    Arg, Command,
    builder::{TypedValueParser, ValueParserFactory},
    error::ErrorKind,
};

/// A type that settings are read as.
pub trait FromText: Sized {
    /// Reads a trimmed text.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the variable's name, such as `must be a whole number`. It repeats the
    /// text only where the text cannot be a secret.
    fn from_text(text: &str) -> Result<Self, String>;
}

/// An optional setting; an empty text means that it is not set.
impl<T: FromText> FromText for Option<T> {
    fn from_text(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::from_text(text).map(Some) }
    }
}

/// A list separated by commas; empty items are skipped.
impl<T: FromText> FromText for Vec<T> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(T::from_text).collect()
    }
}

/// A setting as it was read. Where its text could not be read, it holds its default until the problem is reported.
#[derive(Clone)]
pub struct Setting<T> {
    name: String,
    value: T,
    problem: Option<String>,
}

impl<T> Setting<T> {
    /// Returns the value, and reports the problem with it, if any.
    pub fn take(self, problems: &mut Problems) -> T {
        self.take_if(problems, |_| Ok(()))
    }

    /// Returns the value, and reports the problem with it, or the one that `check` finds.
    pub fn take_if(self, problems: &mut Problems, check: impl FnOnce(&T) -> Result<(), String>) -> T {
        if let Some(problem) = self.problem.or_else(|| check(&self.value).err()) {
            problems.add(&self.name, &problem);
        }
        self.value
    }
}

impl<T: FromText + Clone + Send + Sync + 'static> ValueParserFactory for Setting<T> {
    type Parser = Reader<T>;

    fn value_parser() -> Reader<T> {
        Reader(PhantomData)
    }
}

/// Reads every setting for clap.
#[derive(Clone)]
pub struct Reader<T>(PhantomData<fn() -> T>);

impl<T: FromText + Clone + Send + Sync + 'static> TypedValueParser for Reader<T> {
    type Value = Setting<T>;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Setting<T>, clap::Error> {
        let name = arg.map(name).unwrap_or_default();
        let default = arg.and_then(|arg| arg.get_default_values().first()).and_then(|text| text.to_str());
        let default = || T::from_text(default.unwrap_or_default());
        let read = match value.to_str().map(str::trim) {
            Some("") => default(),
            Some(text) => T::from_text(text),
            None => Err("must be valid UTF-8".to_owned()),
        };
        match read {
            Ok(value) => Ok(Setting { name, value, problem: None }),
            Err(problem) => match default() {
                Ok(value) => Ok(Setting { name, value, problem: Some(problem) }),
                // A required flag has no default to go on with.
                Err(_) => {
                    Err(clap::Error::raw(ErrorKind::ValueValidation, format!("{name} {problem}\n")).with_cmd(command))
                }
            },
        }
    }
}

/// The variable of an argument, or its flag where it has no variable.
fn name(arg: &Arg) -> String {
    match (arg.get_env().and_then(OsStr::to_str), arg.get_long()) {
        (Some(variable), _) => variable.to_owned(),
        (None, Some(flag)) => format!("--{flag}"),
        (None, None) => arg.get_id().to_string(),
    }
}

/// The problems found with settings, at most one for each variable. It displays as a line for each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<(String, String)>);

impl Problems {
    /// Adds a problem: the rest of a sentence that begins with the variable's name. The first problem of a variable
    /// stays; others mostly follow from it.
    pub fn add(&mut self, name: &str, problem: &str) {
        if !self.concern(name) {
            self.0.push((name.to_owned(), problem.to_owned()));
        }
    }

    /// Returns whether a problem was found with a variable.
    #[must_use]
    pub fn concern(&self, name: &str) -> bool {
        self.0.iter().any(|(one, _)| one == name)
    }

    /// Returns `value` if there are no problems.
    ///
    /// # Errors
    /// The problems.
    pub fn none_or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, problem)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{name} {problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[arg(long, default_value = "20")]
        depth: Setting<u32>,
        #[arg(long, default_value = "")]
        name: Setting<Option<String>>,
        #[arg(long, default_value = "")]
        ports: Setting<Vec<u16>>,
    }

    fn read(arguments: &[&str]) -> (u32, Option<String>, Vec<u16>, String) {
        let program = Program::parse_from([&["program"], arguments].concat());
        let mut problems = Problems::default();
        let depth = program.depth.take(&mut problems);
        let name = program.name.take(&mut problems);
        let ports = program.ports.take(&mut problems);
        (depth, name, ports, problems.to_string())
    }

    #[test]
    fn white_space_around_a_value_is_dropped() {
        let (depth, name, ports, problems) = read(&["--depth", " 7\n", "--name", "\tada ", "--ports", "1 , 2,"]);
        assert_eq!((depth, name.as_deref(), ports), (7, Some("ada"), vec![1, 2]));
        assert_eq!(problems, "");
    }

    #[test]
    fn an_empty_value_is_not_set() {
        let (depth, name, ports, problems) = read(&["--depth", "", "--name", " ", "--ports", ""]);
        assert_eq!((depth, name, ports), (20, None, Vec::new()));
        assert_eq!(problems, "");
    }

    #[test]
    fn every_problem_is_reported() {
        let (.., problems) = read(&["--depth", "deep", "--ports", "1,65536"]);
        assert_eq!(
            problems,
            "--depth must be a whole number, not \"deep\"\n--ports must be a number from 0 to 65535, not \"65536\""
        );
    }

    #[test]
    fn one_variable_has_one_problem() {
        let mut problems = Problems::default();
        problems.add("BIND", "must be an address");
        problems.add("BIND", "must be set");
        assert_eq!(problems.to_string(), "BIND must be an address");
    }
}
