//! SIGTERM in the middle of the work.

use std::error::Error;
use std::time::Duration;

use super::trial::{BYTES, Who, good_sink};
use crate::load::{Documents, Generator, Load};

const RATE: u32 = 4_000;

/// Prints the table.
pub(super) fn run(all: &[Who]) -> Result<(), Box<dyn Error>> {
    println!("SIGTERM right after the last of {RATE} segments a second was sent.\n");
    println!("| | sent | arrived | lost | ended after |\n|---|---|---|---|---|");
    for who in all {
        let sink = good_sink()?;
        let contestant = who.contestant(&sink.endpoint())?;
        let running = contestant.start()?;
        let mut generator = Generator::new(contestant.xray, Documents::of_size(BYTES))?;
        generator.send(Load::even(RATE, Duration::from_secs(2)))?;
        let (_, took) = running.stop()?;
        let (sent, arrived) = (generator.sent, sink.tally.documents());
        println!("| {} | {sent} | {arrived} | {} | {:.2} s |", who.name(), sent - arrived, took.as_secs_f64());
    }
    println!();
    Ok(())
}
