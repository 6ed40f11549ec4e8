//! What our parts cost, beside peers in one run: medians of interleaved rounds, ratios, allocations counted.
//!
//! `cargo run --release --package bench` prints Markdown; `cargo xtask figures` puts it into the README. Absolute times prove
//! nothing on a shared machine; ratios of one run do.

mod agent;
mod close;
mod console;
mod integrations;
mod measure;
mod opentelemetry_aws;
mod ours;
mod peers;
mod process;
mod recording;
mod sampling;
mod server;
mod service;
mod small;
mod xray_lite;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// Measures and prints Markdown tables.
#[derive(Debug, Parser)]
#[command(about)]
struct Arguments {
    /// What to measure; everything if none is named.
    #[arg(value_enum)]
    sections: Vec<Section>,
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
    /// Processor time per segment and memory of `target/release/metrics-agent`.
    Agent,
    /// Segments per second that `target/release/xray-console` takes.
    Console,
}

fn main() -> ExitCode {
    if let Err(error) = xray_lite::with_its_environment().and_then(|()| run(&Arguments::parse().sections)) {
        eprintln!("bench: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(sections: &[Section]) -> Result<(), Box<dyn Error>> {
    println!("{}\n", process::setup());
    let ours = ours::Ours::install()?;
    let sections = if sections.is_empty() { Section::value_variants() } else { sections };
    for section in sections {
        match section {
            Section::Recording => recording::run(&ours)?,
            Section::Close => close::run(&ours),
            Section::Small => small::run()?,
            Section::Service => service::run(&ours)?,
            Section::Integrations => integrations::run(&ours)?,
            Section::Agent => agent::run()?,
            Section::Console => console::run()?,
        }
        println!();
    }
    Ok(())
}
