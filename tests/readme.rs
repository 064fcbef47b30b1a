//! The README's tour works when it is pasted.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use crate::harness::{left_out, program};

const README: &str = include_str!("../README.md");

/// The tour's blocks, in order.
fn tour() -> String {
    let blocks = README.split("```sh tour\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

/// Two ports of loopback that are free now.
fn ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

#[tokio::test]
async fn the_tour_works_when_it_is_pasted() {
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

    let script = tour().replace("127.0.0.1:8000", &gateway);
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(script).env("no_proxy", "*").stdin(Stdio::null());
    let output = timeout(Duration::from_secs(30), shell.output()).await.expect("the tour did not end").unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for fact in [
        r#""tier":"FREE","balance":{"credits":0}"#,
        r#""shortfall":3"#,
        r#""tier":"CORE","balance":{"credits":25,"exportsLeft":8}"#,
        r#""replayed":false,"balance":{"credits":22}"#,
        r#""replayed":true,"balance":{"credits":22}"#,
        r#""changeType":"PURCHASE","creditsDelta":10,"balanceAfter":32"#,
        r#""cancelAtPeriodEnd":true"#,
    ] {
        assert!(said.contains(fact), "{fact} is not in\n{said}");
    }
    assert_eq!(said.matches("303").count(), 2, "both payments lead on:\n{said}");
}
