//! The built program as a serving process.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    task::JoinHandle,
    time::timeout,
};

use super::program;

const PATIENCE: Duration = Duration::from_secs(20);

/// A process that serves.
pub(crate) struct Process {
    child: Child,
    url: String,
    http: Client,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Process {
    /// Starts on a free port, which the log names.
    pub(crate) async fn start(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_as_set(folder, &[arguments, &["--bind", "127.0.0.1:0"]].concat(), variables).await
    }

    /// Starts where the settings say.
    pub(crate) async fn start_as_set(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::begin(program::command(folder, arguments, variables)).await
    }

    /// Starts on a free port, within a limit of the shell's `ulimit`.
    pub(crate) async fn start_within(
        folder: &Path,
        limit: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = program::limited_command(folder, limit, arguments, variables);
        command.args(["--bind", "127.0.0.1:0"]);
        Self::begin(command).await
    }

    async fn begin(mut command: Command) -> Self {
        command.args(["--log-format", "json"]);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (address, start) = timeout(PATIENCE, listening(&mut lines)).await.expect("the gateway did not start");
        let log = Arc::new(Mutex::new(start));
        let written = Arc::clone(&log);
        // A log that nobody reads fills its pipe, and stops the writer.
        let reader = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                *written.lock().unwrap() += &(line + "\n");
            }
        });
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { child, url: format!("http://{address}"), http, log, reader }
    }

    pub(crate) async fn get(&self, path: &str) -> StatusCode {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap().status()
    }

    pub(crate) async fn asks(&self, token: &str, document: &str) -> Value {
        let mut request = self.http.post(format!("{}/graphql", self.url)).json(&json!({ "query": document }));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Sends a document that must succeed, and returns its only root field.
    pub(crate) async fn gets(&self, token: &str, document: &str, variables: Value) -> Value {
        let body = json!({ "query": document, "variables": variables });
        let request = self.http.post(self.url("/graphql")).bearer_auth(token).json(&body);
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// The log up to now.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Stops the process, and returns everything that it has logged.
    pub(crate) async fn stops_with_its_log(mut self) -> String {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        timeout(PATIENCE, self.child.wait()).await.expect("the gateway did not stop").unwrap();
        self.reader.await.unwrap();
        self.log.lock().unwrap().clone()
    }

    /// Stops the process as an operator's tools do, and returns its exit code.
    pub(crate) async fn stops(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        timeout(PATIENCE, self.child.wait()).await.expect("the gateway did not stop").unwrap().code()
    }
}

/// Reads a gateway's log up to where it says its address.
async fn listening(log: &mut Lines<BufReader<ChildStderr>>) -> (String, String) {
    let mut seen = String::new();
    loop {
        let line = log.next_line().await.unwrap().unwrap_or_else(|| panic!("the gateway ended:\n{seen}"));
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        if let (Some("listening"), Some(address)) = (event["message"].as_str(), event["address"].as_str()) {
            return (address.to_owned(), seen + &line + "\n");
        }
        seen = seen + &line + "\n";
    }
}
