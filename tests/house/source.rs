//! The files of the workspace, and a simple reader of Rust.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Folders that contain sources.
const FOLDERS: [&str; 9] = [".ci", "api", "bench", "docs", "entity", "migration", "sandbox", "tests", "web"];

/// Folders with generated or third-party files.
const FOREIGN: [&str; 6] = ["node_modules", "dist", "generated", "snapshots", "target", "test-results"];

const EXTENSIONS: [&str; 9] = ["rs", "toml", "ts", "tsx", "css", "html", "graphql", "sh", "md"];

/// A file of the workspace.
pub(super) struct Source {
    /// Path from the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
}

pub(super) fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Every source file.
pub(super) fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        walk(&at_root(folder), folder, &mut paths);
    }
    paths.sort();
    let read = |path: String| Source { text: fs::read_to_string(at_root(&path)).unwrap_or_default(), path };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, name: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name().into_string().unwrap();
        let path = format!("{name}/{file}");
        if entry.file_type().unwrap().is_dir() {
            if !FOREIGN.contains(&file.as_str()) {
                walk(&entry.path(), &path, paths);
            }
        } else if Path::new(&file).extension().is_some_and(|end| EXTENSIONS.iter().any(|one| end == *one)) {
            paths.push(path);
        }
    }
}

impl Source {
    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// The code without comments and tests.
    pub(super) fn program(&self) -> String {
        if self.is_test() {
            return String::new();
        }
        let code = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn is_test(&self) -> bool {
        let module = self.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || module == "tests"
            || self.is_declared_a_test(module)
    }

    /// Returns whether the parent file declares this one for tests only.
    fn is_declared_a_test(&self, module: &str) -> bool {
        let Some((folder, _)) = self.path.rsplit_once('/') else { return false };
        let above = [format!("{folder}/lib.rs"), format!("{folder}/mod.rs"), format!("{folder}.rs")];
        above.iter().any(|above| {
            let text = fs::read_to_string(at_root(above)).unwrap_or_default();
            text.contains(&format!("#[cfg(test)]\nmod {module};"))
        })
    }

    /// The functions with their numbers of lines. rustfmt indents the closing brace of a function like its first line.
    pub(super) fn functions(&self) -> Vec<(String, usize)> {
        let lines: Vec<_> = self.text.lines().collect();
        let mut functions = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let Some(name) = function(line) else { continue };
            let indent = &line[..line.len() - line.trim_start().len()];
            let whole = line.ends_with(['}', ';']);
            let end = lines[number..].iter().position(|line| whole || *line == format!("{indent}}}"));
            functions.push((name.to_owned(), end.unwrap_or_default() + 1));
        }
        functions
    }

    /// The top-level modules that a file names by `crate::`.
    pub(super) fn modules(&self) -> BTreeSet<String> {
        let text = self.program();
        let mut modules = BTreeSet::new();
        for (_, rest) in text.match_indices("crate::").map(|(at, word)| text.split_at(at + word.len())) {
            match rest.strip_prefix('{') {
                Some(group) => modules.extend(heads(group)),
                None => modules.extend(head(rest)),
            }
        }
        modules
    }
}

/// The name of the function that begins on a line.
fn function(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    while let Some(shorter) =
        ["pub ", "pub(super) ", "pub(crate) ", "const ", "async "].iter().find_map(|word| rest.strip_prefix(word))
    {
        rest = shorter;
    }
    rest.strip_prefix("fn ")?.split(['(', '<']).next()
}

/// The first name of each path in a group, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut from) = (0_usize, Vec::new(), 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                heads.extend(head(&group[from..at]));
                from = at + 1;
            }
            '}' => {
                heads.extend(head(&group[from..at]));
                break;
            }
            _ => {}
        }
    }
    heads
}

fn head(path: &str) -> Option<String> {
    let name: String = path.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}
