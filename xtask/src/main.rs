//! Chores: install what the tests need, run them, build the page, release, measure.

mod acceptance;
mod areas;
mod features;
mod figures;
mod mutants;
mod needs;
mod release;
mod sdks;
mod setup;
mod stages;
mod test;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of this repository.
#[derive(Debug, Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Runs the tests of these areas, or all tests, and installs what they need. Says what is missing; under CI that is a failure.
    ///
    /// Areas: sdk, agent, shipper, console, page, clients.
    Test { areas: Vec<String> },
    /// Installs everything that any test or check needs, so that later runs download nothing.
    Setup,
    /// Runs what takes too long for every commit, and records when it passed.
    Acceptance {
        /// Names of acceptance runs, such as `faults`.
        names: Vec<String>,
        /// Shows what there is, what each needs, how long it takes and when it last passed.
        #[arg(long)]
        list: bool,
    },
    /// Compiles each feature of xray-sdk and metrics-agent without the others.
    Features,
    /// Checks licences, bans and sources of all dependencies.
    Licences,
    /// Builds the console's page with Node.
    Web {
        /// Fails if the committed build differs from the source's.
        #[arg(long)]
        check: bool,
    },
    /// Builds what is released: the agent without the console, as one static file.
    Release,
    /// Measures and puts the tables into the README.
    Figures,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Test { areas } => test::run_tests(&areas),
        Chore::Setup => needs::set_up(),
        Chore::Acceptance { list: true, .. } => acceptance::list(),
        Chore::Acceptance { names, .. } => acceptance::run_named(&names),
        Chore::Features => features::check_alone(),
        Chore::Licences => setup::check_licences(),
        Chore::Web { check } => web::build(check),
        Chore::Release => release::build().map(drop),
        Chore::Figures => figures::render(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
