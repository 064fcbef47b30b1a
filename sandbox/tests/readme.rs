//! README.md is held to the sandbox: its tables are generated from the reference, its examples are the files in `examples/`.

use std::{fmt::Write as _, fs, path::Path};

use reqwest::Method;
use sandbox::{Sandbox, reference};

use crate::shop::{Shop, settings};

/// The README with the content of each marked section replaced.
fn generated(readme: &str) -> String {
    let mut text = readme.to_owned();
    for (name, content) in [
        ("examples/checkout.py", example("checkout.py", "python")),
        ("examples/checkout.mjs", example("checkout.mjs", "js")),
        ("examples/checkout.rs", example("checkout.rs", "rust")),
        ("controls", controls()),
        ("test numbers", numbers()),
        ("payment methods", payment_methods()),
        ("routes", routes()),
        ("events", events()),
    ] {
        let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
        let from = text.find(&start).unwrap_or_else(|| panic!("README.md has no {start}")) + start.len();
        let to = text.find(&end).unwrap_or_else(|| panic!("README.md has no {end}"));
        text.replace_range(from..to, &format!("\n{}\n\n", content.trim_end()));
    }
    text
}

fn example(file: &str, language: &str) -> String {
    let code = fs::read_to_string(root().join("examples").join(file)).unwrap();
    format!("```{language}\n{}\n```", code.trim_end())
}

fn controls() -> String {
    let mut table = String::from("| request | body | effect |\n|---|---|---|\n");
    for control in reference::controls() {
        let body = if control.body.is_empty() { String::new() } else { format!("`{}`", control.body) };
        writeln!(table, "| `{} {}` | {body} | {} |", control.method, control.path, control.effect).unwrap();
    }
    table
}

fn numbers() -> String {
    let mut table = String::from("| number | a payment |\n|---|---|\n");
    for number in reference::test_numbers() {
        writeln!(table, "| `{}` | {} |", number.number, number.note).unwrap();
    }
    table
}

fn payment_methods() -> String {
    let mut table = String::from("| name | number |\n|---|---|\n");
    for (name, number) in reference::payment_methods() {
        writeln!(table, "| `{name}` | `{number}` |").unwrap();
    }
    table
}

/// A line for each path, with its methods.
fn routes() -> String {
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    for route in reference::routes() {
        match lines.iter_mut().find(|(path, _)| *path == route.path) {
            Some((_, methods)) => methods.push(route.method),
            None => lines.push((route.path, vec![route.method])),
        }
    }
    let mut table = String::from("| path | methods |\n|---|---|\n");
    for (path, methods) in lines {
        writeln!(table, "| `{path}` | {} |", methods.join(", ")).unwrap();
    }
    table
}

fn events() -> String {
    reference::event_types().iter().fold(String::new(), |list, kind| list + &format!("- `{kind}`\n"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_readme_is_up_to_date() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let expected = generated(&readme);
    if readme != expected {
        fs::write(&path, expected).unwrap();
        panic!("README.md was out of date. It has been rewritten: check the difference and commit it.");
    }
}

#[tokio::test]
async fn every_control_is_served() {
    let sandbox = Sandbox::start(settings(Vec::new(), None)).await.unwrap();
    let shop = Shop::at(&sandbox);
    for control in reference::controls() {
        let path = control.path.replace("{id}", "cus_none");
        let mut request = shop.client.request(Method::from_bytes(control.method.as_bytes()).unwrap(), shop.url(&path));
        if !control.body.is_empty() {
            request = request.header("Content-Type", "application/json").body(control.body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.text().await.unwrap();
        // An object that does not exist is named in a JSON body; a route that does not exist has no body.
        let known = matches!(status, 200 | 204) || body.starts_with(r#"{"error":"#);
        assert!(known, "{} {path}: {status} {body}", control.method);
    }
}
