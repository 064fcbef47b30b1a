//! The README and the pages under `docs` are true: the tour prints what it shows, twice, and every link leads somewhere.

use std::{fs, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use crate::harness::{left_out, program};

const README: &str = include_str!("../README.md");

/// The commands of the tour, and the output that follows each block, both in order.
fn tour() -> (String, Vec<&'static str>) {
    let (mut commands, mut output) = (String::new(), Vec::new());
    for block in README.split("```sh tour\n").skip(1) {
        let (block, rest) = block.split_once("```\n").unwrap();
        commands.push_str(block);
        let shown = rest.split_once("```").unwrap().1.split_once('\n').unwrap().1.split("```").next().unwrap();
        output.extend(shown.lines());
    }
    (commands, output)
}

/// Two free ports of loopback.
fn ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

#[tokio::test]
async fn the_tour_prints_what_it_shows_each_time_it_is_pasted() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        return left_out("the README's tour needs curl");
    }
    let folder = tempfile::tempdir().unwrap();
    let [gateway, sandbox] = ports().map(|port| format!("127.0.0.1:{port}"));
    let arguments = ["dev", "--bind", &gateway, "--sandbox-bind", &sandbox];
    let mut dev = program::command(folder.path(), &arguments, &[]).spawn().unwrap();
    let mut lines = BufReader::new(dev.stdout.take().unwrap()).lines();
    let started = async { while !lines.next_line().await.unwrap().unwrap().starts_with("Ctrl-C") {} };
    timeout(Duration::from_secs(30), started).await.expect("dev did not start");

    let (commands, shown) = tour();
    assert!(shown.len() > 7, "the tour shows its output");
    for _ in 0..2 {
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(commands.replace("127.0.0.1:8000", &gateway)).env("no_proxy", "*").stdin(Stdio::null());
        let output = timeout(Duration::from_secs(30), shell.output()).await.expect("the tour did not end").unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.lines().collect::<Vec<_>>(), shown);
    }
}

#[test]
fn the_readme_is_short() {
    assert!(README.lines().count() < 200, "move reference to docs");
}

/// Markdown files, with the text of each.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let docs = docs
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "md"))
        .map(|name| format!("docs/{name}"));
    let names = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].into_iter().map(ToOwned::to_owned).chain(docs);
    names.map(|name| (name.clone(), fs::read_to_string(root.join(name)).unwrap())).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_';
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect::<String>())
        .map(|heading| heading.replace(' ', "-"))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut broken = Vec::new();
    for (name, text) in pages() {
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        let pictures = text.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        for link in links.chain(pictures).filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = root.join(&name).parent().unwrap().join(path);
            let target = if path.is_empty() { root.join(&name) } else { file };
            let found = target.exists()
                && (anchor.is_empty()
                    || anchors(&fs::read_to_string(&target).unwrap()).iter().any(|one| one == anchor));
            if !found {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}
