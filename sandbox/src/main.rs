//! `patch-hive-sandbox`: the sandbox as a program of its own.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use sandbox::{Sandbox, Settings};

/// A stateful stand-in for Stripe on loopback
///
/// Point a Stripe client at its address, with any key that begins with `sk_test_`. The dashboard is at the same address.
#[derive(Parser)]
#[command(name = "patch-hive-sandbox", version)]
struct Arguments {
    /// Loopback address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8420")]
    bind: SocketAddr,
    /// URL that every event is delivered to; can be repeated
    #[arg(long, value_name = "URL")]
    webhook_url: Vec<String>,
    /// Secret that deliveries to these addresses are signed with
    #[arg(long, default_value = "whsec_sandbox")]
    webhook_secret: String,
    /// File that stores the state between runs; if unset, the state is lost at exit
    #[arg(long, value_name = "FILE")]
    state_file: Option<PathBuf>,
    /// Seed that makes all ids the same in every run
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let secret = arguments.webhook_secret.clone();
    let sandbox = Sandbox::start(Settings {
        bind: arguments.bind,
        webhook_urls: arguments.webhook_url,
        webhook_secret: arguments.webhook_secret,
        state_file: arguments.state_file,
        seed: arguments.seed,
    })
    .await?;
    writeln!(io::stdout(), "Listening on http://{} (webhook secret: {secret})", sandbox.address())?;
    stop_requested().await?;
    sandbox.stop().await;
    Ok(())
}

/// Waits for Ctrl+C, or for the signal of a service manager.
#[cfg(unix)]
async fn stop_requested() -> io::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

/// Waits for Ctrl+C.
#[cfg(not(unix))]
async fn stop_requested() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
