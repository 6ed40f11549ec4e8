//! All tables of the agent, in turn.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use super::trial::Who;
use super::{outage, rates, shapes, stop};

/// How it is measured.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The X-Ray daemon's binary.
    pub(crate) daemon: Option<PathBuf>,
    /// Another build of our agent.
    pub(crate) other: Option<PathBuf>,
    /// Takes longer, and says more.
    pub(crate) is_long: bool,
}

/// Prints the tables.
pub(crate) fn run(settings: &Settings) -> Result<(), Box<dyn Error>> {
    println!("### The agent beside the X-Ray daemon\n");
    let daemon =
        settings.daemon.clone().map_or_else(|| Ok(std::env::current_exe()?.with_file_name("../peers/xray")), Ok::<_, Box<dyn Error>>)?;
    let mut all = vec![Who::Ours];
    all.extend(settings.other.clone().map(Who::Other));
    if daemon.exists() {
        all.push(Who::Daemon(daemon));
    } else {
        println!("The daemon was not there ({}), so our agent is measured alone.\n", daemon.display());
    }
    println!(
        "1 kB documents by UDP, four to a trace, to a sink on the same machine that answers after 2 ms (p50) and 10 ms (p99); every document is checked by its id.\n"
    );
    rates::at_given_rates(&all, settings.is_long)?;
    rates::highest(&all)?;
    shapes::run(&all)?;
    outage::run(&all, Duration::from_secs(if settings.is_long { 120 } else { 20 }))?;
    stop::run(&all)
}
