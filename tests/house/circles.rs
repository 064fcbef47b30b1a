//! No files import each other in a circle.
//!
//! A file imports another by a `use`, or by a path in its code. Re-exports (`pub use`) are followed to the file that declares
//! the name, and are no imports themselves; neither is a file's use of the files below it that it declares with `mod`.
//!
//! The integration tests are not looked at: an actor acts on its app, and the app creates its actors.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    none,
    source::{Source, sources},
};

/// The crates whose files are looked at, with their folders.
const CRATES: [&str; 5] = ["api/src", "bench/src", "entity/src", "migration/src", "sandbox/src"];

/// Longest chain of re-exports that is followed.
const MAX_REEXPORTS: usize = 6;

/// The path of a module inside of its crate; the crate's root is empty.
type Module = Vec<String>;

/// The files of a crate.
struct Crate {
    texts: BTreeMap<Module, String>,
}

impl Crate {
    fn read(folder: &str, sources: &[Source]) -> Self {
        let files = sources.iter().filter(|source| source.is_rust()).filter_map(|source| {
            let path = source.path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".rs")?;
            let module = match path {
                "main" => return None,
                "lib" => Module::new(),
                path => path.split('/').map(ToOwned::to_owned).collect(),
            };
            Some((module, source.program()))
        });
        Self { texts: files.collect() }
    }

    /// The files that a file imports.
    fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let (statements, code) = statements(&self.texts[module]);
        let uses = statements.iter().filter(|(public, _)| !public).flat_map(|(_, tree)| expand(tree));
        let paths = paths(&code);
        let imported = uses.chain(paths).filter_map(|path| self.resolve(module, &path, 0));
        let is_child = |other: &Module| other.split_last().is_some_and(|(_, parent)| parent == module.as_slice());
        imported.filter(|other| other != module && !is_child(other)).collect()
    }

    /// The file that declares what a path leads to; `None` for other crates.
    fn resolve(&self, from: &Module, path: &[String], reexports: usize) -> Option<Module> {
        let mut module = from.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => (module, rest) = (Module::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let child = [module.as_slice(), &[first.to_owned()]].concat();
                if !self.texts.contains_key(&child) {
                    return None;
                }
            }
        }
        while let Some(name) = rest.first() {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            if !self.texts.contains_key(&child) {
                break;
            }
            (module, rest) = (child, &rest[1..]);
        }
        let name = rest.first();
        let reexported = name.filter(|_| reexports < MAX_REEXPORTS).and_then(|name| {
            let (statements, _) = statements(self.texts.get(&module)?);
            let public = statements.into_iter().filter(|(public, _)| *public).flat_map(|(_, tree)| expand(&tree));
            let named = public.filter(|path| path.last() == Some(name) && path.len() > 1).collect::<Vec<_>>();
            named.into_iter().find_map(|path| self.resolve(&module, &path, reexports + 1))
        });
        Some(reexported.unwrap_or(module)).filter(|module| self.texts.contains_key(module))
    }

    /// The groups of files that import each other, directly or through others.
    fn circles(&self) -> Vec<BTreeSet<Module>> {
        let imports: BTreeMap<_, _> = self.texts.keys().map(|module| (module, self.imports(module))).collect();
        let reachable = |start: &Module| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![start.clone()]);
            while let Some(module) = open.pop() {
                open.extend(imports[&module].iter().filter(|next| seen.insert((*next).clone())).cloned());
            }
            seen
        };
        let reachable: BTreeMap<_, _> = self.texts.keys().map(|module| (module, reachable(module))).collect();
        let mut circles: Vec<BTreeSet<Module>> = Vec::new();
        for (module, reached) in &reachable {
            if reached.contains(*module) && !circles.iter().any(|circle| circle.contains(*module)) {
                let back = reached.iter().filter(|other| reachable[other].contains(*module));
                circles.push(back.cloned().collect());
            }
        }
        circles
    }
}

/// Separates the trees of `use` statements, each with `true` for a re-export, from the remaining code.
fn statements(text: &str) -> (Vec<(bool, String)>, String) {
    let (mut found, mut code) = (Vec::new(), String::new());
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if open.is_none() {
            let public = trimmed.starts_with("pub");
            let begins = trimmed.strip_prefix("use ").or_else(|| {
                let (head, tree) = trimmed.split_once(" use ")?;
                (head == "pub" || (head.starts_with("pub(") && head.ends_with(')'))).then_some(tree)
            });
            open = begins.map(|tree| (public, tree.to_owned()));
        } else if let Some((_, tree)) = &mut open {
            tree.push_str(trimmed);
        }
        match open.take() {
            Some((public, tree)) if tree.ends_with(';') => found.push((public, tree.trim_end_matches(';').to_owned())),
            Some(unfinished) => open = Some(unfinished),
            None => code = code + line + "\n",
        }
    }
    (found, code)
}

/// The paths of a `use` tree.
fn expand(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|name| name.trim().to_owned()).collect()];
    };
    let prefix: Vec<_> = prefix.split("::").filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect();
    let group = group.strip_suffix('}').unwrap_or(group);
    let (mut depth, mut from, mut items) = (0_usize, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    items.push(&group[from..]);
    let items = items.into_iter().filter(|item| !item.trim().is_empty()).flat_map(expand);
    items.map(|path| [prefix.as_slice(), &path].concat()).collect()
}

/// The paths in code that lead out of a file or into a child: `super::a`, `crate::a::b`, `child::a`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let words = code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let paths = words.filter(|word| word.contains("::") && !word.starts_with(':'));
    paths.map(|path| path.split("::").map(ToOwned::to_owned).collect()).collect()
}

fn circles() -> Vec<Vec<String>> {
    let sources = sources();
    let crates = CRATES.iter().map(|folder| Crate::read(folder, &sources));
    let circles = crates.flat_map(|one| one.circles());
    circles.map(|circle| circle.into_iter().map(|module| module.join("/")).collect()).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    none(circles().iter().map(|circle| circle.join(", ")), "move what they share below");
}

#[test]
fn circles_are_found() {
    let texts = [
        ("a", "use crate::b::B;\npub struct A;"),
        ("b", "pub use self::inner::B;\nmod inner;"),
        ("b/inner", "use super::super::c;\npub struct B(c::C);"),
        ("c", "pub struct C(Option<crate::a::A>);"),
        ("d", "mod child;\nfn f() { child::f() }"),
        ("d/child", "use super::f;"),
    ];
    let module = |path: &str| path.split('/').map(ToOwned::to_owned).collect::<Module>();
    let texts = texts.map(|(path, text)| (module(path), text.to_owned())).into_iter().collect();
    let circles = Crate { texts }.circles();
    let expected = ["a", "b/inner", "c"].map(module).into_iter().collect();
    assert_eq!(circles, [expected]);
}
