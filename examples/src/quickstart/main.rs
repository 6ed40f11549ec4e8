//! The whole line in one process: a shop of three services and a worker, the agent, the console, and load.
//!
//! `cargo quickstart` serves the page until Ctrl-C. `cargo quickstart --once` makes a fixed number of requests, reads back by
//! the public AWS APIs what has arrived, prints both, and fails if they differ.

mod backend;
mod load;
mod read_back;
mod shop;
mod terminal;
mod worker;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use backend::Backend;
use clap::Parser;
use metrics_agent::{Agent, AwsSettings, Config, FileConfig};
use read_back::{ReadBack, client_config};
use shop::{Sent, Shop};
use tracing_subscriber::EnvFilter;
use xray_console::Console;
use xray_sdk::sampling::SampleAll;

/// A small shop under load, traced: look at it in the terminal and in the browser.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Make a fixed number of requests, read back what arrived, and fail if it is not what was sent.
    #[arg(long)]
    once: bool,
    /// Requests of --once.
    #[arg(long, default_value_t = 120, value_name = "NUMBER")]
    requests: u64,
    /// Where the console serves its page. With --once any free port.
    #[arg(long, default_value = "127.0.0.1:2080", value_name = "ADDRESS")]
    listen: SocketAddr,
}

type AnyError = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<bool, AnyError> {
    let folder = tempfile::tempdir()?;
    let mut settings = xray_console::Settings::default();
    settings.address = if arguments.once { SocketAddr::from(([127, 0, 0, 1], 0)) } else { arguments.listen };
    let console = Console::start(settings).await?;
    let endpoint = format!("http://{}", console.address());
    let agent = Agent::start(agent_config(&endpoint, folder.path())).await?;
    let xray = xray_sdk::builder("shop")
        .daemon_address(agent.addresses().udp.to_string())
        .sampler(SampleAll)
        .service_version("1.0.0")
        .install()?;
    let sent = Arc::new(Sent::create(&log_file(folder.path()))?);
    let backend = Arc::new(Backend::open(folder.path(), &client_config(&endpoint).await).await?);
    let statsd = agent.addresses().statsd.ok_or("StatsD is off")?;
    let shop = Shop::open(statsd, Arc::clone(&sent), Arc::clone(&backend)).await?;
    tokio::spawn(worker::run(Arc::clone(&backend), Arc::clone(&sent)));
    println!(
        "storefront {}  →  orders {}  →  payments {}; orders keeps in SQLite and tells a worker by SQS",
        shop.storefront, shop.orders, shop.payments
    );
    println!("agent      X-Ray {}, StatsD {}, log files in {}", agent.addresses().udp, statsd, folder.path().display());
    println!("console    {endpoint}\n");

    let is_equal = if arguments.once {
        load::fixed(&shop, arguments.requests).await?;
        backend.settle().await;
        xray.flush();
        terminal::show_first_trace(&endpoint, &sent).await?;
        drain(agent).await;
        let report = ReadBack::read(&endpoint, &sent).await?;
        println!("{report}");
        report.is_equal()
    } else {
        load::fixed(&shop, 1).await?;
        backend.settle().await;
        terminal::show_first_trace(&endpoint, &sent).await?;
        println!("\nthe page: {endpoint}  (Ctrl-C stops)\n");
        tokio::select! {
            result = load::forever(&shop) => result?,
            () = terminal::show_rates(&sent) => {}
            result = tokio::signal::ctrl_c() => result?,
        }
        println!("\nsending what is left");
        xray.flush();
        drain(agent).await;
        true
    };
    drop(xray);
    console.stop().await;
    Ok(is_equal)
}

/// Free ports, one second instead of one minute, and the shop's log file.
fn agent_config(endpoint: &str, folder: &Path) -> Config {
    let mut config = Config::default();
    config.aws = AwsSettings::local(endpoint.to_owned());
    config.traces.udp.set_port(0);
    config.traces.tcp.set_port(0);
    config.traces.spool_folder = Some(folder.join("spool"));
    config.metrics.statsd.set_port(0);
    config.metrics.namespace = shop::NAMESPACE.into();
    config.metrics.interval = 1;
    config.health.listen.set_port(0);
    config.logs.state = Some(folder.join("state"));
    config.logs.files = vec![FileConfig::new(vec![folder.join("*.log").display().to_string()], shop::LOG_GROUP, "shop")];
    config
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("shop.log")
}

async fn drain(agent: Agent) {
    for (signal, ledger) in agent.drain(Duration::from_secs(10)).await {
        if ledger.lost_in_all() > 0 {
            println!("{signal}: lost {:?}", ledger.lost);
        }
    }
}
