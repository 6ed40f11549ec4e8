//! The agent's command line.

mod arguments;

mod source;

mod logging;

mod agent;

#[cfg(feature = "console")]
mod local;

mod ask;

mod replay;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use source::Source;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse_from(metrics_agent::from_go(std::env::args_os()));
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("metrics-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let source = Source::find(&arguments)?;
    match arguments.command {
        Some(Command::Healthcheck { delivering }) => ask::health(source.health(), delivering).await,
        Some(Command::Status) => ask::status(source.health()).await,
        Some(Command::Replay { ref file }) => replay::run(file, source.config()?.traces.tcp).await,
        Some(Command::Import { .. }) => {
            print!("{}", source.as_own_file()?);
            Ok(())
        }
        Some(Command::Check) => {
            let config = source.config()?;
            println!("{}: good", source.name());
            config.summary().into_iter().for_each(|line| println!("  {line}"));
            Ok(())
        }
        None => {
            source.log(arguments.log_format).begin()?;
            let read_again = || Source::find(&arguments)?.config();
            let ended = async { agent::run(source.config()?, arguments.drain(), read_again).await }.await;
            // On standard error it is said in any case; the daemon has it in its log, which may be a file.
            ended.inspect_err(|error| {
                if source.is_daemon() {
                    tracing::error!("{error}")
                }
            })
        }
        #[cfg(feature = "console")]
        Some(Command::Local { console, ref data }) => {
            source.log(arguments.log_format).begin()?;
            local::run(&arguments, console, data.clone()).await
        }
    }
}
