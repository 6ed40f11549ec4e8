//! Chores: set up and run the tests, build the page, measure.

mod figures;
mod release;
mod sdks;
mod setup;
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
    /// Installs what the tests need, as far as it may, and runs all of them. Says which it had to skip; under CI a skip is a
    /// failure.
    Test,
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
        Chore::Test => test::run(),
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
