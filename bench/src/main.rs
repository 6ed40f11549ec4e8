//! What our parts cost, beside peers in one run: medians of interleaved rounds, ratios, allocations counted.
//!
//! `cargo run --release --package bench` prints Markdown; `cargo xtask figures` puts it into the README. Absolute times prove
//! nothing on a shared machine; ratios of one run do.

mod agent;
mod close;
mod console;
mod faults;
mod integrations;
mod load;
mod measure;
mod namespace;
mod opentelemetry_aws;
mod ours;
mod peers;
mod process;
mod recording;
mod sampling;
mod server;
mod service;
mod signals;
mod sink;
mod small;
mod soak;
mod veth;
mod xray_lite;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// Measures and prints Markdown tables.
#[derive(Debug, Parser)]
#[command(about)]
struct Arguments {
    /// What to measure; the README's figures if none is named.
    #[arg(value_enum)]
    sections: Vec<Section>,
    /// The X-Ray daemon's binary. Default: target/peers/xray.
    #[arg(long, value_name = "FILE")]
    daemon: Option<PathBuf>,
    /// Agent: another build of our agent, measured in the same run.
    #[arg(long, value_name = "FILE")]
    other: Option<PathBuf>,
    /// Agent: longer, for figures that depend less on the moment.
    #[arg(long)]
    long: bool,
    /// Faults, signals and integrations (sql, aws, reqwest, axum): only those whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Faults, signals, veth, outage and soak: seconds instead of minutes, and of the faults those of the kinds that matter most.
    #[arg(long)]
    short: bool,
    /// Soak and outage: how long.
    #[arg(long, value_name = "MINUTES", default_value_t = 10, conflicts_with = "short")]
    minutes: u64,
    /// Soak: segments a second.
    #[arg(long, value_name = "RATE", default_value_t = 20_000)]
    rate: u32,
}

impl Arguments {
    /// Returns the duration of a soak or an outage.
    fn duration(&self) -> Duration {
        if self.short { Duration::from_secs(6) } else { Duration::from_secs(60 * self.minutes) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Segments and subsegments beside fastrace, OpenTelemetry and other X-Ray crates.
    Recording,
    /// What `close` takes from a request.
    Close,
    /// Trace headers, sampling, encoding.
    Small,
    /// An axum service, traced and untraced, under load.
    Service,
    /// A query, an AWS call, an HTTP call and a request, bare, with ours and with others.
    Integrations,
    /// The agent beside AWS's X-Ray daemon: `target/release/metrics-agent`, or the file that METRICS_AGENT names.
    Agent,
    /// Segments per second that `target/release/xray-console` takes.
    Console,
    /// The agent in everything that goes wrong; fails if a segment is lost that may not be.
    Faults,
    /// All signals on all ways in through faults and rotations, on ext4 and XFS; fails if an item is lost that may not be.
    Signals,
    /// The agent between two other hosts, whose link is cut; needs root.
    Veth,
    /// The agent under load and random faults for minutes.
    Soak,
    /// The agent while nobody answers for minutes, at 4,000 segments a second.
    Outage,
}

impl Section {
    /// Those of the README.
    const FIGURES: [Self; 7] = [Self::Recording, Self::Close, Self::Small, Self::Service, Self::Integrations, Self::Agent, Self::Console];
}

fn main() -> ExitCode {
    if let Err(error) = xray_lite::with_its_environment().and_then(|()| run(&Arguments::parse())) {
        eprintln!("bench: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    println!("{}\n", process::setup());
    let ours = ours::Ours::install()?;
    let sections = if arguments.sections.is_empty() { &Section::FIGURES[..] } else { &arguments.sections };
    for section in sections {
        match section {
            Section::Recording => recording::run(&ours)?,
            Section::Close => close::run(&ours),
            Section::Small => small::run()?,
            Section::Service => service::run(&ours)?,
            Section::Integrations => integrations::run(&ours, arguments.only.as_deref())?,
            Section::Agent => {
                agent::run(&agent::Settings { daemon: arguments.daemon.clone(), other: arguments.other.clone(), is_long: arguments.long })?
            }
            Section::Console => console::run()?,
            Section::Faults => faults::run(arguments.only.as_deref(), arguments.short)?,
            Section::Signals => signals::run(arguments.only.as_deref(), arguments.short)?,
            Section::Veth => veth::run(arguments.short)?,
            Section::Outage => agent::long_outage(arguments.duration())?,
            Section::Soak => soak::run(arguments.duration(), arguments.rate)?,
        }
        println!();
    }
    Ok(())
}
