//! A short outage of X-Ray, counted by ids.

use std::error::Error;
use std::time::{Duration, Instant};

use super::trial::{BYTES, Who, good_day, good_sink, settle};
use crate::load::{Documents, Generator, Load};
use crate::sink::{Conduct, Door};

const RATE: u32 = 4_000;
/// Longer than agents leave an AWS alone that was away.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// Before and after.
const MARGIN: Duration = Duration::from_secs(2);

/// Our agent alone, in a long one.
///
/// # Errors
/// When segments are lost that the kernel did not drop, and when the agent or the sink cannot be started.
pub(crate) fn long(lasts: Duration) -> Result<(), Box<dyn Error>> {
    println!("### An outage\n");
    match run(&[Who::Ours], lasts)? {
        0 => Ok(()),
        lost => Err(format!("{lost} segments were lost, and not by the kernel").into()),
    }
}

/// Prints the table. Returns how many segments were lost that the kernel did not drop.
pub(super) fn run(all: &[Who], outage: Duration) -> Result<u64, Box<dyn Error>> {
    println!("An outage of {} s, connections refused, at {RATE} segments a second.\n", outage.as_secs());
    println!(
        "| | sent | arrived | lost | twice | everything there, after the end of the outage | memory, most |\n|---|---|---|---|---|---|---|"
    );
    let mut lost = 0;
    for who in all {
        lost += row(who, outage)?;
    }
    println!();
    Ok(lost)
}

fn row(who: &Who, outage: Duration) -> Result<u64, Box<dyn Error>> {
    let sink = good_sink()?;
    let contestant = who.contestant(&sink.endpoint())?;
    let running = contestant.start()?;
    let mut generator = Generator::new(contestant.xray, Documents::of_size(BYTES))?;
    let schedule = [(MARGIN, Conduct { door: Door::Shut, ..good_day() }), (MARGIN + outage, good_day())];
    let load = Load::even(RATE, MARGIN + outage + MARGIN);
    let (sent, ended) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| generator.send(load).map_err(|error| error.to_string()).map(|_| generator.sent));
        sink.play(&schedule);
        let ended = Instant::now();
        sending.join().map_err(|_| "the generator panicked".to_owned())?.map(|sent| (sent, ended))
    })?;
    settle(&sink, &running, sent, LONGEST_WAIT)?;
    let late = ended.elapsed().saturating_sub(sink.tally.silence());
    let arrivals = sink.tally.arrivals();
    let lost = sent - arrivals.documents;
    println!(
        "| {} | {sent} | {} | {lost} | {} | {:.1} s | {:.1} MB |",
        who.name(),
        arrivals.documents,
        arrivals.duplicates,
        late.as_secs_f64(),
        running.program.most_memory()?
    );
    Ok(lost.saturating_sub(running.socket()?.drops))
}
