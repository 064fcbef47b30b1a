//! The gateway under test, in a separate process.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    process::{Child, Command},
    time::Instant,
};

use crate::{
    Failure,
    caller::{Call, Caller},
    secret::{JWT_SECRET, WEBHOOK_SECRET},
};

/// Maximum time that the gateway may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

const QUESTION: &str = r#"{"query":"{ plans { tier } }"}"#;

/// Linux reports CPU time to programs in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running gateway. Dropping it kills the process.
pub(crate) struct Gateway {
    child: Child,
    id: u32,
    pub(crate) address: SocketAddr,
    /// Time from the start of the process to its first response.
    pub(crate) start: Duration,
}

impl Gateway {
    pub(crate) async fn start(program: &Path, database_url: &str) -> Result<Self, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let begun = Instant::now();
        let child = command(program, database_url)
            .arg("serve")
            .env("BIND", address.to_string())
            .env("RATE_LIMIT", "off")
            .env("MAX_SOCKETS_PER_ADDRESS", "100000")
            .env("MAX_CONNECTIONS", "100000")
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().ok_or("the gateway exited immediately")?;
        while let Err(error) = answers(address).await {
            if begun.elapsed() > PATIENCE {
                return Err(format!("the gateway does not respond: {error}").into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(Self { child, id, address, start: begun.elapsed() })
    }

    /// CPU seconds that the process has used.
    pub(crate) fn cpu(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        Ok(fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND)
    }

    /// Resident memory in KiB.
    pub(crate) fn memory(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?)
    }

    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        Command::new("kill").arg(self.id.to_string()).status().await?;
        self.child.wait().await?;
        Ok(())
    }
}

/// Sends a query that needs no user, and checks the response.
async fn answers(address: SocketAddr) -> Result<(), Failure> {
    let call = Call { path: "/graphql", header: ("accept", "application/json".to_owned()), body: QUESTION.to_owned() };
    let answer: Value = serde_json::from_slice(&Caller::connect(address).await?.send(call).await?)?;
    if answer["data"]["plans"][0]["tier"].is_string() { Ok(()) } else { Err(answer.to_string().into()) }
}

pub(crate) async fn migrate(program: &Path, database_url: &str) -> Result<(), Failure> {
    succeeds(command(program, database_url).args(["migrate", "up"])).await
}

/// Verifies the ledger with `patch-hive verify`.
pub(crate) async fn verify(program: &Path, database_url: &str) -> Result<(), Failure> {
    succeeds(command(program, database_url).arg("verify")).await
}

async fn succeeds(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().await?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&text).into_owned().into())
}

fn command(program: &Path, database_url: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("DATABASE_URL", database_url)
        .env("JWT_SECRET", JWT_SECRET)
        .env("LOG", "warn")
        .env("STRIPE_SECRET_KEY", "sk_test_of_the_benchmark")
        .env("STRIPE_PUBLISHABLE_KEY", "pk_test_of_the_benchmark")
        .env("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
        // Nothing listens on this port: no workload calls Stripe.
        .env("STRIPE_API_BASE", "http://127.0.0.1:9/")
        .env("RECONCILE_INTERVAL_MINUTES", "0")
        .stdin(Stdio::null());
    for tier in ["CORE", "PRO", "STUDIO"] {
        command.env(format!("STRIPE_PRICE_ID_{tier}"), format!("price_{}", tier.to_lowercase()));
    }
    command
}
