//! The agent's command line.

#[cfg(feature = "console")]
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use metrics_agent::{Agent, Config};
use tracing_subscriber::EnvFilter;

/// Receives X-Ray segments (UDP 2000), StatsD (UDP 8125) and log files, and sends them to AWS without losing any unsaid.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The configuration file. Default: /etc/metrics-agent/config.toml if it is there, else none.
    #[arg(short, long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Seconds to send what is held when stopped.
    #[arg(long, global = true, default_value_t = 10, value_name = "SECONDS")]
    drain: u64,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks the configuration file and exits.
    Check,
    /// Runs with the console beside it: no AWS account, everything on one web page.
    #[cfg(feature = "console")]
    Local {
        /// Where the console listens.
        #[arg(long, default_value = "127.0.0.1:2080", value_name = "ADDRESS")]
        console: SocketAddr,
        /// Keep the console's data in this file. Without it the data goes with the process.
        #[arg(long, value_name = "FILE")]
        data: Option<PathBuf>,
    },
}

const DEFAULT_CONFIG: &str = "/etc/metrics-agent/config.toml";

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("metrics-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let config = read_config(arguments.config.as_deref())?;
    let drain = Duration::from_secs(arguments.drain);
    match arguments.command {
        None => run_agent(config, drain).await,
        Some(Command::Check) => {
            println!("the configuration is good");
            Ok(())
        }
        #[cfg(feature = "console")]
        Some(Command::Local { console, data }) => run_local(config, drain, console, data).await,
    }
}

fn read_config(path: Option<&Path>) -> Result<Config, Box<dyn std::error::Error>> {
    let default = Path::new(DEFAULT_CONFIG);
    Ok(match path {
        Some(path) => Config::read(path)?,
        None if default.exists() => Config::read(default)?,
        None => Config::default(),
    })
}

async fn run_agent(config: Config, drain: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let agent = Agent::start(config).await?;
    let at = agent.addresses();
    tracing::info!(xray = %at.udp, sampling = %at.tcp, statsd = %at.statsd, health = %at.health, "listening");
    stop_signal().await?;
    tracing::info!(seconds = drain.as_secs(), "sending what is held; once more to stop at once");
    tokio::select! {
        ledgers = agent.drain(drain) => report(&ledgers),
        _ = stop_signal() => tracing::error!("stopped before everything was sent"),
    }
    Ok(())
}

#[cfg(feature = "console")]
async fn run_local(
    mut config: Config,
    drain: Duration,
    listen: SocketAddr,
    data: Option<PathBuf>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = xray_console::Settings::default();
    settings.address = listen;
    settings.data = data;
    let console = xray_console::Console::start(settings).await?;
    println!("console at http://{}", console.address());
    config.aws = metrics_agent::AwsSettings::local(format!("http://{}", console.address()));
    let result = run_agent(config, drain).await;
    console.stop().await;
    result
}

fn report(ledgers: &[(&str, telemetry_delivery::LedgerSnapshot)]) {
    for (signal, ledger) in ledgers {
        tracing::info!(signal, entered = ledger.entered, accepted = ledger.accepted, lost = ledger.lost_in_all(), "drained");
    }
}

/// Ctrl-C, or the TERM of a service manager.
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
